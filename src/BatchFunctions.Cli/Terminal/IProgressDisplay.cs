namespace BatchFunctions.Cli.Terminal;

/// <summary>Shows how far something is: a bar, lines of a log, or nothing.</summary>
internal interface IProgressDisplay
{
    /// <summary>Shows it; called whenever there is something new, however often.</summary>
    void Show(ProgressNote note);
}
