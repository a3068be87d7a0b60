using System.Globalization;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// The upstream: it answers after a given number of milliseconds, with a given number of bytes if there is one, and tells at
/// <c>/calls</c> how many calls it has answered, at <c>/begun</c> how many have come, and at <c>/flying</c> how many are in flight.
/// </summary>
internal static class UpstreamSide
{
    public const string Name = "upstream";

    private const string CallsPath = "/calls";
    private const string BegunPath = "/begun";
    private const string FlyingPath = "/flying";

    public static RequestDelegate Create(string[] arguments)
    {
        var delay = TimeSpan.FromMilliseconds(int.Parse(arguments[0], CultureInfo.InvariantCulture));
        var bytes = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 0;
        var upstream = new PacedUpstream(delay, spread: 0, TimeProvider.System, bytes);
        int? NumberAt(string path) => path switch
        {
            CallsPath => upstream.Answered,
            BegunPath => upstream.Begun,
            FlyingPath => upstream.InFlight,
            _ => null,
        };
        return context => NumberAt(context.Request.Path) is { } number
            ? context.Response.WriteAsync(number.ToString(CultureInfo.InvariantCulture))
            : HttpMethods.IsPost(context.Request.Method) ? upstream.AnswerAsync(context) : Task.CompletedTask;
    }

    /// <summary>How many calls it has answered.</summary>
    public static Task<int> CallsAsync(HttpClient upstream, CancellationToken ct) => NumberAsync(upstream, CallsPath, ct);

    /// <summary>How many calls have come, answered or not.</summary>
    public static Task<int> BegunAsync(HttpClient upstream, CancellationToken ct) => NumberAsync(upstream, BegunPath, ct);

    /// <summary>How many calls are in flight.</summary>
    public static Task<int> InFlightAsync(HttpClient upstream, CancellationToken ct) => NumberAsync(upstream, FlyingPath, ct);

    private static async Task<int> NumberAsync(HttpClient upstream, string path, CancellationToken ct) => int.Parse(
        await upstream.GetStringAsync(new Uri(path, UriKind.Relative), ct), CultureInfo.InvariantCulture);
}
