namespace BatchFunctions.Cli.Terminal;

/// <summary>Progress without a terminal: a line for each new step, and one every half minute within a step.</summary>
internal sealed class ProgressLines(TextWriter writer, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(30);

    private ProgressNote? _last;
    private DateTimeOffset _written;

    /// <inheritdoc/>
    public void Show(ProgressNote note)
    {
        var now = time.GetUtcNow();
        if (note == _last || (note.Label == _last?.Label && now - _written < Gap))
        {
            return;
        }

        _last = note;
        _written = now;
        writer.WriteLine($"{note.Label}  {note.Detail}".TrimEnd());
    }
}
