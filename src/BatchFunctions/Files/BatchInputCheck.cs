using BatchFunctions.Http;
using BatchFunctions.Lines;

namespace BatchFunctions.Files;

/// <summary>
/// Rejects early what cannot be a batch's input: a file that is empty, or whose first line is not a JSON object.
/// </summary>
internal static class BatchInputCheck
{
    /// <exception cref="ApiException">The file cannot be a batch's input.</exception>
    public static void Check(FirstLine verdict)
    {
        if (verdict is not (FirstLine.Undecided or FirstLine.JsonObject))
        {
            throw new ApiException(verdict == FirstLine.Empty ? FileErrors.EmptyBatchFile : FileErrors.NotJsonLines(verdict));
        }
    }
}
