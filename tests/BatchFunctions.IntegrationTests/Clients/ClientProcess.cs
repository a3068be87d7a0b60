using System.Diagnostics;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>A client's program, which is told of the service as everywhere: by <c>OPENAI_BASE_URL</c> and <c>OPENAI_API_KEY</c>.</summary>
internal static class ClientProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Runs it to its end, which must be a success.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string program, string[] arguments, string folder, ServiceDriver service)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OPENAI_BASE_URL"] = service.Endpoint.ToString();
        start.Environment["OPENAI_API_KEY"] = service.Key;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Limit);
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}{await output}");
        return await output;
    }
}
