using System.Globalization;
using System.Text;

namespace BatchFunctions.Chunks;

/// <summary>
/// Results of a chunk that a version before 0.2 staged as blocks of the batch's two blobs, to be committed when the batch ends.
/// </summary>
/// <param name="Output">The output's blocks, in order.</param>
/// <param name="Error">The errors' blocks, in order.</param>
/// <param name="OutputBytes">The size of the output, in bytes.</param>
/// <param name="ErrorBytes">The size of the errors, in bytes.</param>
internal sealed record StagedResults(
    IReadOnlyList<StagedBlock> Output, IReadOnlyList<StagedBlock> Error, long OutputBytes, long ErrorBytes)
{
    public static StagedResults None { get; } = new([], [], 0, 0);

    public bool IsNone => Output.Count == 0 && Error.Count == 0;
}

/// <summary>A block that was staged: the epoch of the claim that staged it, and its number within that claim.</summary>
internal readonly record struct StagedBlock(int Epoch, int Part)
{
    /// <summary>The block's id in its blob.</summary>
    public string IdIn(int chunk) => Convert.ToBase64String(Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{chunk:D6}-{Epoch:D6}-{Part:D6}")));
}
