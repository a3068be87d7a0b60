namespace BatchFunctions.Processing;

/// <summary>A batch's input is provably not what was validated: shorter, or of other lines.</summary>
internal sealed class InputChangedException : Exception
{
    public InputChangedException(string message)
        : base(message)
    {
    }

    public InputChangedException(Exception inner)
        : base("The batch's input is not the one that was validated.", inner)
    {
    }
}
