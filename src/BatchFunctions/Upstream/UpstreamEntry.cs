using BatchFunctions.Configuration;
using BatchFunctions.Routing;

namespace BatchFunctions.Upstream;

/// <summary>An upstream, with all that the process has of it: nothing of it is shared with another.</summary>
internal sealed class UpstreamEntry(
    int index, UpstreamSettings settings, ServedModels models, UpstreamConnection connection, UpstreamRecord record, Verdicts verdicts, UpstreamGate gate)
{
    /// <summary>Its place in the registry.</summary>
    public int Index { get; } = index;

    public UpstreamSettings Settings { get; } = settings;

    public string Name => Settings.Name;

    public UpstreamOptions Options => Settings.Options;

    /// <summary>Which models it serves, by its settings.</summary>
    public ServedModels Models { get; } = models;

    public UpstreamConnection Connection { get; } = connection;

    public UpstreamRecord Record { get; } = record;

    public Verdicts Verdicts { get; } = verdicts;

    public UpstreamGate Gate { get; } = gate;
}
