using System.Globalization;
using System.Text.Json;

namespace BatchFunctions.Batches;

/// <summary>
/// A batch's errors, as stored in its row: as many as fit a property of 64 KiB, whatever is in them. They are counted in
/// bytes as written, since an escaped character takes up to six, and one beyond the Basic Multilingual Plane twelve.
/// </summary>
internal static class BatchErrorsJson
{
    /// <summary>The code of the last entry where not all have fitted.</summary>
    public const string More = "more_errors";

    private const int MostBytes = 64_000;

    /// <summary>What the last entry takes at most, where not all have fitted.</summary>
    private const int LastBytes = 200;

    /// <summary>Writes a JSON array in UTF-8. If not all of them fit, the last entry says how many more there are.</summary>
    public static byte[] Write(IReadOnlyList<BatchError> errors)
    {
        var kept = new List<BatchError>(errors.Count);
        var bytes = 2;
        foreach (var error in errors)
        {
            bytes += 1 + JsonSerializer.SerializeToUtf8Bytes(error, BatchRowJson.Default.BatchError).Length;
            if (bytes > MostBytes - LastBytes)
            {
                kept.Add(NotShown(errors.Count - kept.Count));
                break;
            }

            kept.Add(error);
        }

        return JsonSerializer.SerializeToUtf8Bytes(kept, BatchRowJson.Default.IReadOnlyListBatchError);
    }

    public static IReadOnlyList<BatchError> Read(byte[] json) =>
        JsonSerializer.Deserialize(json, BatchRowJson.Default.IReadOnlyListBatchError)!;

    private static BatchError NotShown(int errors) => new(
        More,
        string.Create(CultureInfo.InvariantCulture, $"There are {errors} more errors, which are too long to be kept."),
        null,
        null);
}
