using System.Diagnostics;
using System.Runtime.Versioning;

namespace BatchFunctions.Infra.Tests;

/// <summary>The hook for POSIX shells, with a <c>dotnet</c> and an <c>azd</c> of the test's own in front of the real ones.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FirstKeyHookTests : IDisposable
{
    private readonly DirectoryInfo _bin = Directory.CreateTempSubdirectory("batchfunctions-hook-");

    public void Dispose() => _bin.Delete(recursive: true);

    [Fact]
    public async Task It_makes_a_key_prints_it_and_remembers_that_it_did()
    {
        Put("dotnet", "echo sk-first");
        Put("azd", """echo "$@" > "$CALLS/azd" """);

        var (code, output) = await RunAsync();

        Assert.Equal(0, code);
        Assert.Contains("export OPENAI_API_KEY=sk-first", output, StringComparison.Ordinal);
        Assert.Contains("export OPENAI_BASE_URL=https://func.example/v1", output, StringComparison.Ordinal);
        Assert.Equal("env set BATCH_FIRST_KEY made", Called("azd"));
    }

    [Fact]
    public async Task It_asks_the_self_host_for_a_key_in_the_deployed_table()
    {
        Put("dotnet", """echo "$@" > "$CALLS/dotnet"; echo sk-first""");
        Put("azd", "true");

        await RunAsync();

        Assert.Equal(
            "run --project src/BatchFunctions.SelfHost -- keys add --project default --name first --storage https://st.table.example/",
            Called("dotnet"));
    }

    [Fact]
    public async Task It_makes_no_second_key()
    {
        Put("dotnet", """echo "$@" > "$CALLS/dotnet"; echo sk-second""");
        Put("azd", "true");

        var (code, output) = await RunAsync(("BATCH_FIRST_KEY", "made"));

        Assert.Equal((0, ""), (code, output));
        Assert.Null(Called("dotnet"));
    }

    [Fact]
    public async Task It_waits_for_a_role_that_does_not_count_yet()
    {
        Put("dotnet", """echo x >> "$CALLS/tries"; [ "$(wc -l < "$CALLS/tries")" -ge 3 ] && echo sk-third""");
        Put("azd", "true");

        var (code, output) = await RunAsync();

        Assert.Equal(0, code);
        Assert.Contains("OPENAI_API_KEY=sk-third", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_gives_up_with_the_command_to_do_it_by_hand()
    {
        Put("dotnet", "exit 1");
        Put("azd", """echo "$@" > "$CALLS/azd" """);

        var (code, output) = await RunAsync();

        Assert.Equal(1, code);
        Assert.Contains("keys add --project default --storage https://st.table.example/", output, StringComparison.Ordinal);
        Assert.Null(Called("azd"));
    }

    [Fact]
    public async Task A_pipelines_log_gets_no_key()
    {
        Put("dotnet", "echo sk-secret");
        Put("azd", "true");

        var (code, output) = await RunAsync(("CI", "true"));

        Assert.Equal(0, code);
        Assert.DoesNotContain("sk-secret", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", "", false)]
    [InlineData("true", "203.0.113.7", true)]
    [InlineData("false", "", true)]
    public async Task It_tries_a_private_storage_only_where_this_machine_may_reach_it(string isPrivate, string address, bool tries)
    {
        Put("dotnet", """echo "$@" > "$CALLS/dotnet"; echo sk-first""");
        Put("azd", "true");

        var (code, output) = await RunAsync(("BATCH_VNET_ENABLED", isPrivate), ("BATCH_OPERATOR_IP_ADDRESS", address));

        Assert.Equal(0, code);
        Assert.Equal(tries, Called("dotnet") is not null);
        Assert.Equal(tries, !output.Contains("Set it to this one's public IPv4 address", StringComparison.Ordinal));
    }

    private void Put(string name, string script)
    {
        var path = Path.Combine(_bin.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string? Called(string name)
    {
        var path = Path.Combine(_bin.FullName, "calls", name);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    private async Task<(int Code, string Output)> RunAsync(params (string Name, string Value)[] environment)
    {
        var calls = _bin.CreateSubdirectory("calls");
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh", ["-c", "exec infra/hooks/first-key.sh 2>&1"])
            {
                WorkingDirectory = Repository.Root,
                RedirectStandardOutput = true,
            },
        };
        var variables = process.StartInfo.Environment;
        variables.Remove("CI");
        variables["PATH"] = $"{_bin.FullName}:{variables["PATH"]}";
        variables["CALLS"] = calls.FullName;
        variables["BATCH_TABLE_ENDPOINT"] = "https://st.table.example/";
        variables["BATCH_BASE_URL"] = "https://func.example/v1";
        variables["BATCH_KEY_TRIES"] = "3";
        variables["BATCH_KEY_WAIT_SECONDS"] = "0";
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        process.Start();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
