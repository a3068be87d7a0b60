using System.Diagnostics;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// The service as it is shipped: a build of the self-host, told by its environment and its command line, which are the same in all
/// versions. What only some versions have must not be told to it here.
/// </summary>
/// <param name="folder">Where the build's output is.</param>
internal sealed class SelfHostBuild(string folder)
{
    private const string Assembly = "BatchFunctions.SelfHost.dll";
    private const string ReadyPrefix = "Listening on ";
    private const string Concurrency = "Batch:Upstream:Concurrency";

    /// <summary>The one that was built with this program.</summary>
    public static SelfHostBuild This { get; } = new(AppContext.BaseDirectory);

    /// <summary>The program.</summary>
    public string Program { get; } = Path.Combine(Path.GetFullPath(folder), Assembly);

    /// <summary>What the build says of itself: its version, and its commit where it was built in a repository.</summary>
    public string Version => FileVersionInfo.GetVersionInfo(Program).ProductVersion ?? "";

    /// <summary>What is wrong with a folder that is to hold a build; null if nothing is.</summary>
    public static string? ProblemOf(string folder) => File.Exists(Path.Combine(folder, Assembly))
        ? null
        : $"There is no {Assembly} in {folder}: name the output folder of a build of the self-host, such as src/BatchFunctions.SelfHost/bin/Release/net10.0.";

    /// <summary>Starts one on a free port and waits until it listens.</summary>
    /// <param name="connection">The storage account.</param>
    /// <param name="upstream">Where the lines go.</param>
    /// <param name="settings">What else is set; a version takes no notice of what it does not know.</param>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public async Task<ChildProcess> StartAsync(string connection, Uri upstream, params (string Name, string Value)[] settings)
    {
        // Measured is what is done with a number of lines in flight, and not how it is found.
        var number = settings.Any(setting => setting.Name.Replace("__", ":", StringComparison.Ordinal) == Concurrency)
            ? settings
            : [(Concurrency, "64"), .. settings];
        var others = number.Select(setting => new KeyValuePair<string, string?>(setting.Name, setting.Value));
        var process = Start(new Uri("http://127.0.0.1:0"), TestService.Settings(connection, upstream, others));
        await process.ReadyAsync();
        return process;
    }

    /// <summary>Starts one at an address, and does not wait.</summary>
    /// <param name="address">Where it is to listen.</param>
    /// <param name="settings">All of its settings.</param>
    public ChildProcess Start(Uri address, IReadOnlyDictionary<string, string?> settings) =>
        ChildProcess.Start(Program, ["--urls", address.GetLeftPart(UriPartial.Authority)], settings, ReadyPrefix);

    /// <summary>Has it make a key, which each version keeps in its own way.</summary>
    /// <param name="connection">The storage account.</param>
    /// <param name="project">The project that the key opens.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="InvalidOperationException">It makes none.</exception>
    public async Task<string> AddKeyAsync(string connection, string project, CancellationToken ct)
    {
        var start = new ProcessStartInfo("dotnet", [Program, "keys", "add", "--project", project])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[StorageClients.Connection] = connection;
        using var add = Process.Start(start)!;
        var error = add.StandardError.ReadToEndAsync(ct);
        var key = (await add.StandardOutput.ReadToEndAsync(ct)).Trim();
        await add.WaitForExitAsync(ct);
        return add.ExitCode == 0 ? key : throw new InvalidOperationException($"The self-host makes no key: {await error}");
    }
}
