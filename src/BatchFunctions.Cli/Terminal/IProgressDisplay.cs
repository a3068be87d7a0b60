namespace BatchFunctions.Cli.Terminal;

/// <summary>Shows progress: as a bar, as lines of a log, or not at all.</summary>
internal interface IProgressDisplay
{
    /// <summary>Shows the progress; called for every change, however frequent.</summary>
    void Show(ProgressNote note);
}
