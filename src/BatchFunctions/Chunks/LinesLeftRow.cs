using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Data.Tables;
using BatchFunctions.Upstream;

namespace BatchFunctions.Chunks;

/// <summary>
/// The lines of a chunk that have been sent and not come to an end, to its row's properties and back: <c>Attempts</c> and
/// <c>Waits</c> as packed little-endian numbers, <c>Refusals</c> as JSON, which has each message once with the lines that it was
/// said of. Bounded, since a property holds 64 KiB: of more messages than fit the rarest are left out.
/// </summary>
internal static class LinesLeftRow
{
    private const string Attempts = "Attempts";
    private const string Waits = "Waits";
    private const string Refusals = "Refusals";

    /// <summary>Messages that are kept: at 300 characters of up to 6 bytes each, and 1,000 numbers of lines, half of what fits.</summary>
    private const int MaxMessages = 16;

    public static void Write(TableEntity row, IReadOnlyDictionary<int, LineLeft> lines)
    {
        row[Attempts] = Pack([.. lines.Where(line => line.Value.State is { Attempts: > 0 } or { Breaks: > 0 })], 2, static (bytes, line) =>
            BinaryPrimitives.WriteUInt16LittleEndian(
                bytes, (ushort)(Math.Min(line.State.Attempts, 255) | (Math.Min(line.State.Breaks, 255) << 8))));
        var waiting = lines.Where(line => line.Value.NotBefore is not null).ToList();
        if (waiting.Count > 0)
        {
            row[Waits] = Pack(waiting, 4, static (bytes, line) =>
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)line.NotBefore!.Value.ToUnixTimeSeconds()));
        }

        var refused = lines.Where(line => line.Value.State.Last is not null)
            .GroupBy(line => line.Value.State.Last!, line => line.Key)
            .OrderByDescending(group => group.Count())
            .Take(MaxMessages)
            .Select(group => new Refusal(group.Key.Status, group.Key.Message, [.. group]))
            .ToList();
        if (refused.Count > 0)
        {
            row[Refusals] = JsonSerializer.SerializeToUtf8Bytes(refused, RefusalJson.Default.ListRefusal);
        }
    }

    public static IReadOnlyDictionary<int, LineLeft> Read(TableEntity row)
    {
        var lines = new Dictionary<int, LineLeft>();
        foreach (var (line, value) in Unpack(row.GetBinary(Attempts), 2))
        {
            var used = BinaryPrimitives.ReadUInt16LittleEndian(value.Span);
            lines[line] = new LineLeft(new LineState(used & 0xFF, used >> 8, null), null);
        }

        foreach (var (line, value) in Unpack(row.GetBinary(Waits), 4))
        {
            var until = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32LittleEndian(value.Span));
            lines[line] = lines.GetValueOrDefault(line) with { NotBefore = until };
        }

        if (row.GetBinary(Refusals) is { } refusals)
        {
            foreach (var refusal in JsonSerializer.Deserialize(refusals, RefusalJson.Default.ListRefusal)!)
            {
                var last = new LastAnswer(refusal.Status, refusal.Message);
                foreach (var line in refusal.Lines)
                {
                    var left = lines.GetValueOrDefault(line);
                    lines[line] = left with { State = left.State with { Last = last } };
                }
            }
        }

        return lines;
    }

    private static byte[] Pack(
        IReadOnlyList<KeyValuePair<int, LineLeft>> lines, int width, Action<Span<byte>, LineLeft> write)
    {
        var bytes = new byte[lines.Count * (2 + width)];
        for (var i = 0; i < lines.Count; i++)
        {
            var entry = bytes.AsSpan(i * (2 + width), 2 + width);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)lines[i].Key);
            write(entry[2..], lines[i].Value);
        }

        return bytes;
    }

    private static IEnumerable<(int Line, ReadOnlyMemory<byte> Value)> Unpack(byte[]? bytes, int width)
    {
        for (var i = 0; i < (bytes?.Length ?? 0); i += 2 + width)
        {
            yield return (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(i)), bytes.AsMemory(i + 2, width));
        }
    }

    /// <summary>A message, and of which lines it was said.</summary>
    internal sealed record Refusal(
        [property: JsonPropertyName("s")] int Status,
        [property: JsonPropertyName("m")] string Message,
        [property: JsonPropertyName("l")] IReadOnlyList<int> Lines);
}

[JsonSerializable(typeof(List<LinesLeftRow.Refusal>))]
internal sealed partial class RefusalJson : JsonSerializerContext;
