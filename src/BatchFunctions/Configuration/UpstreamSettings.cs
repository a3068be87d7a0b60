namespace BatchFunctions.Configuration;

/// <summary>An upstream's settings, with its name.</summary>
/// <param name="Name">Its name in metrics, answers and storage: in lower case, since settings' names have none of their own.</param>
/// <param name="Prefix">What its settings begin with, as they are written in the environment.</param>
/// <param name="Options">The settings.</param>
internal sealed record UpstreamSettings(string Name, string Prefix, UpstreamOptions Options)
{
    /// <summary>The name of the upstream that is set without one.</summary>
    public const string DefaultName = "default";

    private const string DefaultPrefix = "Batch__Upstream";

    /// <summary>What a sentence calls it: by its name, if it was given one.</summary>
    public string Title => Prefix == DefaultPrefix ? "The upstream" : $"The upstream {Name}";

    /// <summary>The one that is set without a name.</summary>
    public static UpstreamSettings OfDefault(UpstreamOptions options) => new(DefaultName, DefaultPrefix, options);

    /// <summary>One of several.</summary>
#pragma warning disable CA1308 // It is shown in lower case, and not compared by it.
    public static UpstreamSettings Of(string name, UpstreamOptions options) =>
        new(name.ToLowerInvariant(), $"Batch__Upstreams__{name}", options);
#pragma warning restore CA1308

    /// <summary>A setting's name as it is written in the environment.</summary>
    public string NameOf(string setting) => $"{Prefix}__{setting}";

    /// <summary>A message about the settings of the one without a name, as this upstream's.</summary>
    public string Naming(string message) => message.Replace(DefaultPrefix + "__", Prefix + "__", StringComparison.Ordinal);
}
