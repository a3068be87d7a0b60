using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Routing;

namespace BatchFunctions.Upstream;

/// <summary>The upstreams, and which of them serve a model. Its routes are made once for each name, as far as names are remembered.</summary>
internal sealed class UpstreamRegistry : IAsyncDisposable
{
    /// <summary>Names of models whose routes are kept: callers make them up.</summary>
    private const int MostKept = 1000;

    /// <summary>Bytes of a name that is looked up without being made a string.</summary>
    private const int LongestOnStack = 512;

    private readonly ModelRoutes _routes;
    private readonly ConcurrentDictionary<string, UpstreamRoute?> _kept = new(StringComparer.Ordinal);
    private readonly UpstreamRoute? _all;

    /// <summary>Makes a registry of upstreams; it disposes of their gates.</summary>
    /// <param name="upstreams">The upstreams, each with its place in this list as its index.</param>
    public UpstreamRegistry(IReadOnlyList<UpstreamEntry> upstreams)
    {
        Upstreams = upstreams;
        _routes = new ModelRoutes([.. upstreams.Select(static upstream => upstream.Models)]);
        _all = _routes.AreOne ? RouteTo("", [0]) : null;
    }

    /// <summary>All upstreams.</summary>
    public IReadOnlyList<UpstreamEntry> Upstreams { get; }

    /// <summary>An upstream by its name; null if there is none.</summary>
    public UpstreamEntry? Find(string name) => Upstreams.FirstOrDefault(upstream => upstream.Name == name);

    /// <summary>Whether there are models that nobody serves.</summary>
    public bool KnowsModels => _routes.AreKnown;

    /// <summary>What a caller can choose from, as far as it is set.</summary>
    public IReadOnlyList<string> Known => _routes.Known;

    /// <summary>What is wrong with a line's model that nobody serves; null where no such is known.</summary>
    public ModelRule? ModelRule => KnowsModels ? ProblemOf : null;

    /// <summary>Who serves a model; null if nobody does.</summary>
    /// <param name="model">Its name, in UTF-8; empty where a request names none.</param>
    public UpstreamRoute? RouteOf(ReadOnlySpan<byte> model)
    {
        if (_all is not null)
        {
            return _all;
        }

        if (model.Length > LongestOnStack)
        {
            return RouteOf(Encoding.UTF8.GetString(model));
        }

        Span<char> text = stackalloc char[LongestOnStack];
        ReadOnlySpan<char> name = text[..Encoding.UTF8.GetChars(model, text)];
        return _kept.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var route) ? route : RouteOf(name.ToString());
    }

    /// <inheritdoc cref="RouteOf(ReadOnlySpan{byte})"/>
    public UpstreamRoute? RouteOf(string model)
    {
        if (_kept.TryGetValue(model, out var kept))
        {
            return kept;
        }

        var indexes = _routes.Of(model);
        var route = indexes.Count > 0 ? RouteTo(model, indexes) : null;
        if (_kept.Count >= MostKept)
        {
            _kept.Clear();
        }

        return _kept[model] = route;
    }

    /// <summary>What a model is called upstream, and whether somebody serves it.</summary>
    public (string Name, bool IsServed) SentAs(string model) => RouteOf(model) switch
    {
        null => (model, false),
        { Targets: [{ Model: { } sent }, ..] } => (JsonSerializer.Deserialize(sent, ModelNameJson.Default.String)!, true),
        _ => (model, true),
    };

    /// <summary>Whether an upstream serves a model.</summary>
    public bool Serves(UpstreamEntry upstream, string model) => _routes.Of(model).Contains(upstream.Index);

    /// <summary>Lines that may be in flight of a model's, at all upstreams that serve it, as far as is known.</summary>
    /// <param name="model">Its name; null where a batch has several.</param>
    public int KnownLimitOf(string? model) => model is null
        ? Upstreams.Sum(static upstream => upstream.Gate.KnownLimit)
        : RouteOf(model)?.Targets.Sum(static target => target.Upstream.Gate.KnownLimit) ?? 0;

    /// <summary>The upstreams that a model's lines go to.</summary>
    /// <param name="model">Its name; null where a batch has several, or none is known yet: then all.</param>
    public IReadOnlyList<UpstreamEntry> EntriesOf(string? model) => model is null
        ? Upstreams
        : [.. RouteOf(model)?.Targets.Select(static target => target.Upstream) ?? []];

    public async ValueTask DisposeAsync()
    {
        foreach (var upstream in Upstreams)
        {
            await upstream.Gate.DisposeAsync();
        }
    }

    private LineProblem? ProblemOf(ReadOnlySpan<byte> model) =>
        RouteOf(model) is null ? LineProblem.ModelNotFound(Encoding.UTF8.GetString(model), Known) : null;

    private UpstreamRoute RouteTo(string model, IReadOnlyList<int> indexes) => new(
    [
        .. indexes.Select(i => Upstreams[i]).Select(upstream => new UpstreamTarget(
            upstream,
            upstream.Models.Aliases.TryGetValue(model, out var sent) ? JsonSerializer.SerializeToUtf8Bytes(sent, ModelNameJson.Default.String) : null)),
    ]);
}
