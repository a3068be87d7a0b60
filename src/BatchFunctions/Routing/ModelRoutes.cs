namespace BatchFunctions.Routing;

/// <summary>
/// Which upstreams serve a model: those that name it, by name, by pattern or as an alias; where none does, those that have no list.
/// </summary>
/// <param name="upstreams">What each serves.</param>
internal sealed class ModelRoutes(IReadOnlyList<ServedModels> upstreams)
{
    /// <summary>How the model of a request is called that names none.</summary>
    public const string Unnamed = "";

    private readonly int[] _all = [.. Enumerable.Range(0, upstreams.Count)];

    /// <summary>Whether all upstreams have lists, so that there are models that nobody serves.</summary>
    public bool AreKnown { get; } = upstreams.All(static served => !served.TakesOthers);

    /// <summary>Whether one upstream takes whatever comes, as it comes: no request needs to be looked at.</summary>
    public bool AreOne { get; } = upstreams is [{ TakesOthers: true, Aliases.Count: 0 }];

    /// <summary>What a caller can choose from, as far as it is set: names, aliases and patterns.</summary>
    public IReadOnlyList<string> Known { get; } =
    [
        .. upstreams.SelectMany(static served => served.Names.Concat(served.Aliases.Keys)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        .. upstreams.SelectMany(static served => served.Patterns).Select(static pattern => pattern.Text).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>The upstreams that serve a model, by their places in the list; none if nobody does.</summary>
    /// <param name="model">Its name; <see cref="Unnamed"/> where a request names none, which the only upstream takes in any case.</param>
    public IReadOnlyList<int> Of(string model)
    {
        if (model.Length == 0 && upstreams.Count == 1)
        {
            return _all;
        }

        int[] naming = [.. _all.Where(i => upstreams[i].Name(model))];
        return naming.Length > 0 ? naming : [.. _all.Where(i => upstreams[i].TakesOthers)];
    }
}
