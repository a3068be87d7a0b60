namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>
/// A Python that has OpenAI's own client: the machine's, or a virtual environment's by <c>pip</c>, or, where a Debian has
/// neither that package nor a way to an index, that of the release that has it, unpacked into a folder.
/// </summary>
internal sealed class OpenAiPython
{
    private const string Client = "openai==1.69.0";
    private const string Release = "trixie";
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "openai-python");
    private static readonly Lazy<Task<OpenAiPython>> Found = new(FindAsync);

    private readonly string _program;

    // What the program takes for the root of all folders.
    private readonly string? _root;

    private OpenAiPython(string program, string? root = null)
    {
        _program = program;
        _root = root;
    }

    /// <summary>Runs a script to its end, which must be a success.</summary>
    /// <param name="script">Its path.</param>
    /// <param name="files">Files whose paths are its arguments.</param>
    /// <param name="service">What the client is told of.</param>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">There is no such Python, and none can be had.</exception>
    public static async Task<string> RunAsync(string script, string[] files, ServiceDriver service)
    {
        var python = await Found.Value;
        var folder = Directory.CreateDirectory(
            Path.Combine(python._root is null ? Path.GetTempPath() : $"{python._root}/tmp", Path.GetRandomFileName()));
        foreach (var file in files.Prepend(script))
        {
            File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
        }

        string[] names = [.. files.Prepend(script).Select(Path.GetFileName)!];
        var printed = python._root is null
            ? await ClientProcess.RunAsync(python._program, names, folder.FullName, service)
            : await ClientProcess.RunAsync(
                "chroot",
                [python._root, "/usr/bin/env", "-i", $"OPENAI_BASE_URL={service.Endpoint}", $"OPENAI_API_KEY={service.Key}", python._program, .. names.Select(name => $"/tmp/{folder.Name}/{name}")],
                folder.FullName,
                service);
        folder.Delete(recursive: true);
        return printed;
    }

    private static async Task<OpenAiPython> FindAsync() =>
        await MachineProgram.PythonWithOpenAi.TryFindAsync() is { } found ? new OpenAiPython(found)
            : await FromPipAsync() ?? await FromDebianAsync() ?? throw new InvalidOperationException(
                $"This test needs a Python that has OpenAI's client: pip install {Client}.");

    private static async Task<OpenAiPython?> FromPipAsync()
    {
        // Where there is no way to an index the machine's own pip, if there is one, says so before an environment is made in vain.
        string[] asks = ["-m", "pip", "--disable-pip-version-check"];
        if (await MachineProgram.SucceedsAsync("python3", [.. asks, "--version"])
            && !await MachineProgram.SucceedsAsync("python3", [.. asks, "download", "--quiet", "--retries", "0", "--no-deps", "--dest", Folder, Client]))
        {
            return null;
        }

        var environment = Path.Combine(Folder, "environment");
        var python = Path.Combine(environment, OperatingSystem.IsWindows() ? "Scripts" : "bin", "python");
        return await MachineProgram.SucceedsAsync("python3", "-m", "venv", environment)
            && await MachineProgram.SucceedsAsync(python, "-m", "pip", "install", "--quiet", "--retries", "0", Client)
                ? new OpenAiPython(python)
                : null;
    }

    private static async Task<OpenAiPython?> FromDebianAsync()
    {
        var root = Path.Combine(Folder, Release);
        var isThere = Directory.Exists(root);
        if (!isThere && await DebianPackages.InstallAsync("mmdebstrap"))
        {
            // Packages are unpacked and not set up, but for the certificates, without which the client does not start.
            var part = $"{root}.{Guid.NewGuid():N}";
            isThere = await MachineProgram.SucceedsAsync(
                "mmdebstrap",
                "--variant=extract",
                "--include=base-files,coreutils,python3-openai",
                """--extract-hook=cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1"/etc/ssl/certs/ca-certificates.crt""",
                Release,
                part);
            if (isThere)
            {
                Directory.Move(part, root);
            }
        }

        return isThere ? new OpenAiPython("/usr/bin/python3", root) : null;
    }
}
