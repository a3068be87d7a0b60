using System.Diagnostics;
using System.Text.Json;
using StreamJsonRpc;

namespace BatchFunctions.Infra.Tests;

/// <summary>
/// The Bicep compiler, as its package brings it; it asks nothing of the network. One process serves all tests, by its command <c>jsonrpc</c>:
/// most of what a run of it costs is its start.
/// </summary>
internal static class Bicep
{
    private static readonly Lazy<JsonRpc> Compiler = new(Start);

    /// <summary>Compiles and lints a file.</summary>
    /// <param name="path">A <c>.bicep</c> file.</param>
    public static Task<Compilation> CompileAsync(string path) => AskAsync<Compilation>("bicep/compile", path);

    /// <summary>A file as the compiler formats it.</summary>
    /// <param name="path">A <c>.bicep</c> file.</param>
    public static async Task<string> FormatAsync(string path) => (await AskAsync<Formatted>("bicep/format", path)).Contents;

    /// <summary>Works out what a deployment would make, in a subscription and of a tenant whose ids are zeros.</summary>
    /// <param name="path">A <c>.bicepparam</c> file.</param>
    /// <returns>The resources, as JSON.</returns>
    /// <exception cref="RefusedException">The template refuses these parameters, or the compiler or the linter has something to say.</exception>
    public static async Task<string> PredictAsync(string path)
    {
        // Of what does not compile the prediction says no more than that, and of warnings nothing.
        var compilation = await AskAsync<Compilation>("bicep/compileParams", path, ("parameterOverrides", new Dictionary<string, object>()));
        if (compilation.Diagnostics.Count > 0)
        {
            throw new RefusedException(string.Join('\n', compilation.Diagnostics), null);
        }

        try
        {
            var metadata = new { SubscriptionId = Guid.Empty, TenantId = Guid.Empty, Location = "swedencentral" };
            return (await AskAsync<Prediction>("bicep/getSnapshot", path, ("metadata", metadata), ("externalInputs", Array.Empty<object>()))).Snapshot;
        }
        catch (RemoteInvocationException e)
        {
            throw new RefusedException(e.Message, e);
        }
    }

    private static Task<T> AskAsync<T>(string method, string path, params (string Name, object? Value)[] more)
    {
        var arguments = more.ToDictionary(one => one.Name, one => one.Value);
        arguments.Add("path", path);
        return Compiler.Value.InvokeWithParameterObjectAsync<T>(method, (IReadOnlyDictionary<string, object?>)arguments);
    }

    private static JsonRpc Start()
    {
        var start = new ProcessStartInfo(Repository.Metadata("BicepPath"), ["jsonrpc", "--stdio"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // The compiler is a .NET program of its own and must not look for this one's libraries of the platform.
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";

        // It ends as its input does, which is with this process.
        var process = Process.Start(start)!;
        var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = new JsonSerializerOptions(JsonSerializerDefaults.Web) };
        var rpc = new JsonRpc(new HeaderDelimitedMessageHandler(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, formatter));
        rpc.StartListening();
        return rpc;
    }

    /// <summary>What the compiler made of a file.</summary>
    /// <param name="Success">Whether nothing in it is an error.</param>
    /// <param name="Diagnostics">Errors and warnings, the linter's too; empty when there is nothing to say.</param>
    /// <param name="Contents">The template; null if there are errors.</param>
    internal sealed record Compilation(bool Success, IReadOnlyList<Diagnostic> Diagnostics, string? Contents);

    /// <summary>An error or a warning.</summary>
    internal sealed record Diagnostic(string Level, string Code, string Message);

    private sealed record Formatted(string Contents);

    private sealed record Prediction(string Snapshot);

    /// <summary>A deployment that would not begin.</summary>
    internal sealed class RefusedException(string message, Exception? inner) : Exception(message, inner);
}
