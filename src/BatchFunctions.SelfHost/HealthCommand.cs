using System.CommandLine;
using System.Globalization;
using System.Net;
using BatchFunctions.Http;

namespace BatchFunctions.SelfHost;

/// <summary>Asks a running service whether it is healthy: for a container's health check, where there is no curl.</summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <param name="defaultUrl">The address that is asked if none is named.</param>
    public static Command Create(string defaultUrl)
    {
        var url = new Argument<string>("url") { Description = "The service's address.", DefaultValueFactory = _ => defaultUrl };
        var command = new Command("health", "Asks a running service whether it is healthy; exits with 0 if it is, else with 1.") { url };
        command.SetAction((parsed, ct) => AskAsync(
            parsed.GetValue(url)!, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, ct));
        return command;
    }

    /// <summary>
    /// The address at which the service answers in a container: images of .NET say on which ports programs listen there, and the
    /// image's own arguments listen on the first. Null outside of one.
    /// </summary>
    /// <param name="variable">The environment.</param>
    public static string? AddressIn(Func<string, string?> variable) =>
        IsInContainer(variable)
        && int.TryParse(variable("ASPNETCORE_HTTP_PORTS")?.Split(';')[0], CultureInfo.InvariantCulture, out var port)
            ? $"http://127.0.0.1:{port}"
            : null;

    /// <summary>Images of .NET say so.</summary>
    /// <param name="variable">The environment.</param>
    public static bool IsInContainer(Func<string, string?> variable) => variable("DOTNET_RUNNING_IN_CONTAINER") == "true";

    private static async Task<int> AskAsync(string url, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        if (!Uri.TryCreate($"{url.TrimEnd('/')}/{ApiRoutes.Health}", UriKind.Absolute, out var address))
        {
            await errors.WriteLineAsync($"'{url}' is no address: name one such as http://127.0.0.1:8080.");
            return Startup.Failed;
        }

        using var http = new HttpClient { Timeout = Limit };
        try
        {
            using var answer = await http.GetAsync(address, ct);
            await output.WriteLineAsync(await answer.Content.ReadAsStringAsync(ct));
            return answer.StatusCode == HttpStatusCode.OK ? 0 : Startup.Failed;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            await errors.WriteLineAsync($"{address} does not answer: {e.Message}");
            return Startup.Failed;
        }
    }
}
