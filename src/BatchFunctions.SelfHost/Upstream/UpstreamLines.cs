using BatchFunctions.Upstream;

namespace BatchFunctions.SelfHost.Upstream;

/// <summary>What is printed of the upstreams at startup, a line each.</summary>
internal static class UpstreamLines
{
    public static IEnumerable<string> Of(IServiceProvider services)
    {
        var upstreams = services.GetRequiredService<UpstreamRegistry>().Upstreams;
        return upstreams.Count == 1
            ? [$"Upstream: {PlaceOf(upstreams[0])}{ModelsOf(upstreams[0])}"]
            : upstreams.Select(static upstream => $"Upstream {upstream.Name}: {PlaceOf(upstream)}{ModelsOf(upstream)}");
    }

    private static string PlaceOf(UpstreamEntry upstream) => UpstreamAddress.Shown(upstream.Options.BaseUrl ?? "");

    private static string ModelsOf(UpstreamEntry upstream)
    {
        string[] models =
        [
            .. upstream.Models.Names,
            .. upstream.Models.Patterns.Select(static pattern => pattern.Text),
            .. upstream.Models.Aliases.Select(static alias => $"{alias.Key} as {alias.Value}"),
        ];
        return models.Length == 0 ? "" : $", models {string.Join(", ", models)}{(upstream.Models.TakesOthers ? ", and all that no other names" : "")}";
    }
}
