using System.Runtime.CompilerServices;
using BatchFunctions.Http;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Files;

/// <summary>Some consecutive lines of a file.</summary>
/// <param name="Skipped">Lines before them.</param>
/// <param name="Most">How many they are at most.</param>
internal sealed record LineSlice(long Skipped, long Most)
{
    private const byte LineEnd = (byte)'\n';

    /// <summary>What a request asks for by <c>offset</c> and <c>limit</c>; null for the whole file.</summary>
    /// <exception cref="ApiException">One of them is not a number, or too small.</exception>
    public static LineSlice? Of(IQueryCollection query)
    {
        var offset = ApiQuery.Number(query, "offset", 0, long.MaxValue);
        var limit = ApiQuery.Number(query, "limit", 1, long.MaxValue);
        return offset is null && limit is null ? null : new LineSlice(offset ?? 0, limit ?? long.MaxValue);
    }

    /// <summary>The number of the last line that is read, 1-based, which is the offset to go on from.</summary>
    /// <param name="lines">The lines of the file.</param>
    public long LastOf(long lines) => Most >= lines - Skipped ? lines : Skipped + Most;

    /// <summary>Leaves the lines out that do not belong to it.</summary>
    /// <param name="content">The file, piece by piece, from a line's beginning on.</param>
    /// <param name="skip">Lines to leave out first.</param>
    /// <param name="ct">Ends the reading.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> CutAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> content, long skip, [EnumeratorCancellation] CancellationToken ct)
    {
        var left = Most;
        await foreach (var piece in content.WithCancellation(ct))
        {
            var rest = piece[Skip(piece.Span, ref skip)..];
            var taken = Skip(rest.Span, ref left);
            if (taken > 0)
            {
                yield return rest[..taken];
            }

            if (left == 0)
            {
                yield break;
            }
        }
    }

    /// <returns>How many bytes belong to the given number of lines, which is lowered by those that end here.</returns>
    private static int Skip(ReadOnlySpan<byte> bytes, ref long lines)
    {
        var at = 0;
        while (lines > 0)
        {
            var end = bytes[at..].IndexOf(LineEnd);
            if (end < 0)
            {
                return bytes.Length;
            }

            at += end + 1;
            lines--;
        }

        return at;
    }
}
