using System.Globalization;

namespace BatchFunctions.Cli.Api;

/// <summary>
/// Which batches are listed. The service is asked for them alone; what it answers is looked at as well, since others do not know these
/// parameters and leave nothing out.
/// </summary>
internal sealed record BatchFilter
{
    /// <summary>All batches.</summary>
    public static BatchFilter None { get; } = new();

    /// <summary>One of these statuses; empty for any.</summary>
    public IReadOnlyList<string> Statuses { get; init; } = [];

    public string? Endpoint { get; init; }

    public string? Model { get; init; }

    /// <summary>Created then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Created before then.</summary>
    public DateTimeOffset? Until { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it leaves anything out.</summary>
    public bool IsNone => Statuses.Count == 0 && Endpoint is null && Model is null && Since is null && Until is null && Metadata.Count == 0;

    /// <summary>The parameters, to go behind others.</summary>
    public string Query => string.Concat(
        Parameters().Select(parameter => $"&{Uri.EscapeDataString(parameter.Name)}={Uri.EscapeDataString(parameter.Value)}"));

    /// <summary>Whether a batch matches.</summary>
    public bool Matches(Batch batch) =>
        (Statuses.Count == 0 || Statuses.Contains(batch.Status, StringComparer.Ordinal))
        && (Endpoint is null || batch.Endpoint == Endpoint)
        && (Model is null || batch.Model == Model)
        && !IsTooOld(batch)
        && !(batch.CreatedAt >= Until?.ToUnixTimeSeconds())
        && Metadata.All(pair => batch.Metadata?.GetValueOrDefault(pair.Key) == pair.Value);

    /// <summary>Whether it was created too early, as all behind it were.</summary>
    public bool IsTooOld(Batch batch) => batch.CreatedAt < Since?.ToUnixTimeSeconds();

    private IEnumerable<(string Name, string Value)> Parameters()
    {
        if (Statuses.Count > 0)
        {
            yield return ("status", string.Join(',', Statuses));
        }

        if (Endpoint is { } endpoint)
        {
            yield return ("endpoint", endpoint);
        }

        if (Model is { } model)
        {
            yield return ("model", model);
        }

        if (Since is { } since)
        {
            yield return ("created_after", since.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        }

        if (Until is { } until)
        {
            yield return ("created_before", until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        }

        foreach (var (key, value) in Metadata)
        {
            yield return ($"metadata[{key}]", value);
        }
    }
}
