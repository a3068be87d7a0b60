using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Configuration;

/// <summary>
/// Reads lists that are one setting's value, which the binder passes over: <c>Batch__Upstream__Models=a,b</c> beside
/// <c>Batch__Upstream__Models__0=a</c>.
/// </summary>
internal static class UpstreamLists
{
    /// <summary>Under which name such a value stands among the aliases; no setting has it.</summary>
    private const string Unnamed = "";

    /// <summary>Adds them to the settings that the binder has read.</summary>
    public static void AddTo(BatchOptions options, IConfiguration section)
    {
        Add(options.Upstream, section.GetSection(nameof(BatchOptions.Upstream)));
        foreach (var (name, upstream) in options.Upstreams)
        {
            Add(upstream, section.GetSection(nameof(BatchOptions.Upstreams)).GetSection(name));
        }
    }

    /// <summary>The names of the upstreams that have one.</summary>
    public static IEnumerable<string> NamesIn(IConfiguration section) =>
        section.GetSection(nameof(BatchOptions.Upstreams)).GetChildren().Select(static upstream => upstream.Key);

    private static void Add(UpstreamOptions options, IConfigurationSection section)
    {
        if (section[nameof(UpstreamOptions.Models)] is { Length: > 0 } models)
        {
            options.Models.Add(models);
        }

        if (section[nameof(UpstreamOptions.Aliases)] is { Length: > 0 } aliases)
        {
            options.Aliases[Unnamed] = aliases;
        }
    }
}
