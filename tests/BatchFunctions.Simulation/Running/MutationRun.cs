using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Running;

/// <summary>
/// Takes guards of the service away in turn, in a copy of the sources, and lives until a rule is broken: what no life finds is not
/// proved by lives.
/// </summary>
internal sealed class MutationRun(int lives, TimeSpan limit, int processes, TextWriter output)
{
    private const string Project = "tests/BatchFunctions.Simulation";
    private const string Output = "bin/Release/net10.0";
    private const string Program = "BatchFunctions.Simulation";

    private static readonly string[] Parts =
        ["src/BatchFunctions", "src/BatchFunctions.Core", "tests/BatchFunctions.StrictStorage", Project];

    private static readonly string[] Settings =
        ["Directory.Build.props", "Directory.Packages.props", ".editorconfig", "global.json", "nuget.config", "NuGet.config"];

    /// <summary>The repository's root, found from where the program is.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Runs mutations, and writes a table of what they came to.</summary>
    /// <param name="only">The names of those that are run, with commas between; all of them where it is null.</param>
    /// <returns>The exit code: 0 where all were found.</returns>
    public async Task<int> RunAsync(string? only)
    {
        var copy = Directory.CreateTempSubdirectory("mutations-").FullName;
        var missed = 0;
        try
        {
            List<Mutation> chosen = [.. Mutation.All.Where(mutation => only is null || only.Split(',').Contains(mutation.Name))];
            CopyTo(copy, isWhole: chosen.Exists(static mutation => mutation.Test is not null));
            await BuildAsync(Path.Combine(copy, Project), []);
            await output.WriteLineAsync("| guard that is taken away | | lives until it is found | by the rule |\n|---|---|---:|---|");
            foreach (var mutation in chosen)
            {
                missed += await RunAsync(mutation, copy) ? 0 : 1;
            }
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }

        await output.WriteLineAsync($"{missed} not found in {lives} lives");
        return missed > 0 ? 1 : 0;
    }

    private async Task<bool> RunAsync(Mutation mutation, string copy)
    {
        var file = Path.Combine(copy, mutation.File);
        var program = Path.Combine(copy, Project, Output);
        var assembly = $"{Path.GetFileName(mutation.Project)}.dll";
        var whole = await File.ReadAllTextAsync(file);
        await File.WriteAllTextAsync(file, mutation.ApplyTo(whole));
        try
        {
            if (mutation.Test is { } test)
            {
                return await TestAsync(mutation, Path.Combine(copy, test.Project), test.Name);
            }

            // The program goes on with the one assembly that is another: its own sources have not changed.
            await BuildAsync(Path.Combine(copy, mutation.Project), ["--no-restore", "-p:BuildProjectReferences=false"]);
            File.Copy(Path.Combine(copy, mutation.Project, Output, assembly), Path.Combine(program, assembly), overwrite: true);
            var (first, step) = mutation.Scenario is { } name ? (Scenarios.FirstOf(name), Scenarios.Step) : (1, 1);
            var result = await ManyLives.RunAsync(first, lives, limit, processes, untilBroken: true, output: null, Path.Combine(program, Program), step: step);
            var found = result.Broken.Count > 0 ? result.Broken[0] : null;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"| {mutation.Guard} | `{mutation.Name}` | {(found is null ? $"not in {result.Lives}" : $"{result.Lives + 1}")}{(mutation.Scenario is { } about ? $" about {about}" : "")} | {(found is null ? "" : Shown(found))} |"));
            await output.FlushAsync();
            return found is not null;
        }
        finally
        {
            await File.WriteAllTextAsync(file, whole);
            File.Copy(Path.Combine(AppContext.BaseDirectory, assembly), Path.Combine(program, assembly), overwrite: true);
        }
    }

    /// <summary>Runs the one test that must fail without the guard.</summary>
    private async Task<bool> TestAsync(Mutation mutation, string project, string test)
    {
        await BuildAsync(project, []);
        using var run = Process.Start(new ProcessStartInfo(
            "dotnet", ["test", project, "-c", "Release", "--no-build", "--nologo", "--filter", $"FullyQualifiedName~{test}"])
        {
            RedirectStandardOutput = true,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" },
        })!;
        await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        var isFound = run.ExitCode != 0;
        await output.WriteLineAsync($"| {mutation.Guard} | `{mutation.Name}` | {(isFound ? "" : "not by ")}a test | `{test}` |");
        await output.FlushAsync();
        return isFound;
    }

    private static string Shown(string broken) => broken.Split(": ") is [var seed, var rule, ..] ? $"{rule} ({seed})" : broken;

    private static async Task BuildAsync(string project, string[] options)
    {
        // What a guard leaves behind when it is gone would be a warning here and there.
        using var build = Process.Start(new ProcessStartInfo(
            "dotnet", ["build", project, "-c", "Release", "-v", "q", "--nologo", "-p:RunAnalyzersDuringBuild=false", "-p:TreatWarningsAsErrors=false", "-p:UseSharedCompilation=true", .. options])
        {
            RedirectStandardOutput = true,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" },
        })!;
        var said = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        if (build.ExitCode != 0)
        {
            throw new InvalidOperationException($"The sources do not build without the guard: {said}");
        }
    }

    private static void CopyTo(string copy, bool isWhole)
    {
        if (isWhole)
        {
            CopyTo(Repository, copy);
            return;
        }

        foreach (var name in Settings.Where(name => File.Exists(Path.Combine(Repository, name))))
        {
            File.Copy(Path.Combine(Repository, name), Path.Combine(copy, name));
        }

        foreach (var part in Parts)
        {
            CopyTo(Path.Combine(Repository, part), Path.Combine(copy, part));
        }
    }

    /// <summary>Copies a folder, without what is built in it.</summary>
    private static void CopyTo(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Select(static folder => Path.GetFileName(folder)))
        {
            if (folder is not ("bin" or "obj" or ".git" or "node_modules"))
            {
                CopyTo(Path.Combine(from, folder), Path.Combine(to, folder));
            }
        }
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "BatchFunctions.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The program is not below its repository.");
    }
}
