namespace BatchFunctions.Lines;

/// <summary>What a batch's input may be: the service's settings, or what they are unless they are set.</summary>
/// <param name="MaxLines">The most lines, blank ones left out.</param>
/// <param name="MaxBytes">The most bytes of the file.</param>
/// <param name="MaxLineBytes">The most bytes of a line.</param>
internal sealed record InputLimits(int MaxLines, long MaxBytes, int MaxLineBytes)
{
    /// <summary>The defaults of the settings.</summary>
    public static InputLimits Default { get; } = new(50_000, 200 * 1024 * 1024, 16 * 1024 * 1024);

    /// <summary>What is wrong with a file for its size alone; null if nothing is.</summary>
    public LineProblem? ProblemOfSize(long bytes) => bytes > MaxBytes ? LineProblem.FileTooLarge(MaxBytes)
        : bytes == 0 ? LineProblem.EmptyFile
        : null;

    /// <summary>What is wrong with a file for the number of its lines; null if nothing is.</summary>
    public LineProblem? ProblemOfLines(int lines) => lines > MaxLines ? LineProblem.TooManyRequests(MaxLines)
        : lines == 0 ? LineProblem.EmptyFile
        : null;
}
