using BatchFunctions.Files;
using BatchFunctions.Lines;

namespace BatchFunctions.Batches;

/// <summary>
/// What the first chunks of a batch come to, which have all ended and whose results are all published. Rows of chunks that have
/// ended do not change, so they need not be read any more.
/// </summary>
/// <param name="Count">How many chunks: all with lower numbers.</param>
/// <param name="Completed">Lines that succeeded.</param>
/// <param name="Failed">Lines that failed.</param>
/// <param name="InputLost">Chunks that ended without their input.</param>
/// <param name="Usage">The tokens of their lines.</param>
/// <param name="OutputSegments">Segments of the output.</param>
/// <param name="ErrorSegments">Segments of the errors.</param>
/// <param name="Failures">The lines that failed, by kind; null for none. An older version writes none.</param>
internal readonly record struct SettledChunks(
    int Count, int Completed, int Failed, int InputLost, TokenUsage Usage, int OutputSegments, int ErrorSegments, FailureKinds? Failures)
{
    public byte[]? ToBytes()
    {
        if (Count == 0)
        {
            return null;
        }

        var packed = new PackedNumbers();
        packed.Add(Count);
        packed.Add(Completed);
        packed.Add(Failed);
        packed.Add(InputLost);
        packed.Add(Usage.Input);
        packed.Add(Usage.CachedInput);
        packed.Add(Usage.Output);
        packed.Add(Usage.ReasoningOutput);
        packed.Add(OutputSegments);
        packed.Add(ErrorSegments);
        Failures?.AddTo(packed);
        return packed.ToBytes();
    }

    public static SettledChunks FromBytes(byte[]? bytes)
    {
        var rest = new PackedNumbers.Reader(bytes);
        return rest.IsAtEnd ? default : new SettledChunks(
            rest.NextInt(),
            rest.NextInt(),
            rest.NextInt(),
            rest.NextInt(),
            new TokenUsage(rest.Next(), rest.Next(), rest.Next(), rest.Next()),
            rest.NextInt(),
            rest.NextInt(),
            FailureKinds.Read(ref rest));
    }
}
