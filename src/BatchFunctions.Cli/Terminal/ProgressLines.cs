namespace BatchFunctions.Cli.Terminal;

/// <summary>Progress where no terminal is: a line for each new step, and now and then one in between.</summary>
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
