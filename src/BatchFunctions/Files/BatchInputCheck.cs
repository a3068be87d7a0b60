using BatchFunctions.Http;
using BatchFunctions.Lines;

namespace BatchFunctions.Files;

/// <summary>Refuses early what can be no batch's input: a file that is empty, or whose first line is no JSON object.</summary>
internal static class BatchInputCheck
{
    /// <exception cref="ApiException">The file can be no batch's input.</exception>
    public static void Check(FirstLine verdict)
    {
        if (verdict is not (FirstLine.Undecided or FirstLine.JsonObject))
        {
            throw new ApiException(verdict == FirstLine.Empty ? FileErrors.EmptyBatchFile : FileErrors.NotJsonLines(verdict));
        }
    }
}
