using BatchFunctions.Configuration;

namespace BatchFunctions.Routing;

/// <summary>Which models an upstream serves, by its settings.</summary>
internal sealed class ServedModels
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);

    private ServedModels(IEnumerable<ModelPattern> models, IEnumerable<KeyValuePair<string, string>> aliases)
    {
        var all = models.ToList();
        TakesOthers = all.Count == 0;
        Patterns = [.. all.Where(static model => !model.IsName)];
        _names.UnionWith(all.Where(static model => model.IsName).Select(static model => model.Text));
        foreach (var (name, model) in aliases)
        {
            _aliases[name] = model;
        }
    }

    /// <summary>Whether no list is set: then it serves every model that no upstream names.</summary>
    public bool TakesOthers { get; }

    /// <summary>Names that are set one by one; as they are sent.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Patterns of names.</summary>
    public IReadOnlyList<ModelPattern> Patterns { get; }

    /// <summary>Names that callers use, and the ones that are sent in their place.</summary>
    public IReadOnlyDictionary<string, string> Aliases => _aliases;

    /// <summary>Reads settings about which <see cref="ModelSettings.ProblemsOf"/> has nothing to say.</summary>
    public static ServedModels Of(UpstreamOptions options) => new(ModelSettings.ModelsOf(options), ModelSettings.AliasesOf(options));

    /// <summary>Whether the upstream names this model: by its name, by a pattern, or as an alias.</summary>
    public bool Name(string model) =>
        _names.Contains(model) || _aliases.ContainsKey(model) || Patterns.Any(pattern => pattern.Matches(model));
}
