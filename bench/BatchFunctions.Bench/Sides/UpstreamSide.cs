using System.Globalization;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>The upstream: it answers after a given number of milliseconds, with a given number of bytes if there is one, and tells at <c>/calls</c> how many calls it has answered.</summary>
internal static class UpstreamSide
{
    public const string Name = "upstream";

    private const string CallsPath = "/calls";

    public static RequestDelegate Create(string[] arguments)
    {
        var delay = TimeSpan.FromMilliseconds(int.Parse(arguments[0], CultureInfo.InvariantCulture));
        var bytes = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 0;
        var upstream = new PacedUpstream(delay, spread: 0, TimeProvider.System, bytes);
        return context => context.Request.Path == CallsPath
            ? context.Response.WriteAsync(upstream.Answered.ToString(CultureInfo.InvariantCulture))
            : HttpMethods.IsPost(context.Request.Method) ? upstream.AnswerAsync(context) : Task.CompletedTask;
    }

    /// <summary>How many calls it has answered.</summary>
    public static async Task<int> CallsAsync(HttpClient upstream, CancellationToken ct) => int.Parse(
        await upstream.GetStringAsync(new Uri(CallsPath, UriKind.Relative), ct), CultureInfo.InvariantCulture);
}
