using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Data.Tables;
using BatchFunctions.Upstream;

namespace BatchFunctions.Chunks;

/// <summary>
/// The lines of a chunk that have been sent and not come to an end, to its row's properties and back: <c>Attempts</c>,
/// <c>Breaks</c>, <c>Waits</c> and <c>PutOffs</c> as packed little-endian numbers, <c>Refusals</c> as JSON, which has each message once with the lines that it was
/// said of. Bounded, since a property holds 64 KiB: of more messages than fit the rarest are left out.
/// </summary>
internal static class LinesLeftRow
{
    private const string Attempts = "Attempts";
    private const string Breaks = "Breaks";
    private const string Waits = "Waits";
    private const string PutOffs = "PutOffs";
    private const string Refusals = "Refusals";

    /// <summary>A bit beside a line's breaks.</summary>
    private const int OthersPassed = 0x8000;

    /// <summary>Messages that are kept: at 300 characters of up to 6 bytes each, and 1,000 numbers of lines, half of what fits.</summary>
    private const int MaxMessages = 16;

    public static void Write(TableEntity row, IReadOnlyDictionary<int, LineLeft> lines)
    {
        row[Attempts] = Pack(lines, static line => line.State.Attempts > 0, 2, static (bytes, line) =>
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)line.State.Attempts));
        row[Breaks] = Pack(lines, static line => line.State.Breaks > 0, 2, static (bytes, line) =>
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(line.State.Breaks | (line.State.OthersPassed ? OthersPassed : 0))));
        row[Waits] = Pack(lines, static line => line.NotBefore is not null, 4, static (bytes, line) => WriteSeconds(bytes, line.NotBefore));
        row[PutOffs] = Pack(lines, static line => line.State.PutOffAt is not null, 12, static (bytes, line) =>
        {
            // Rounded up, or what went through just before would seem to have done so since.
            WriteSeconds(bytes, Ceiling(line.State.PutOffAt));
            WriteSeconds(bytes[4..], Ceiling(line.State.AloneSince));
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], (ushort)Math.Min(line.State.RefusedAlone, ushort.MaxValue));
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], (ushort)Math.Min(line.State.ToldAlike, ushort.MaxValue));
        });
        var refused = lines.Where(line => line.Value.State.Last is not null)
            .GroupBy(line => line.Value.State.Last!, line => line.Key)
            .OrderByDescending(group => group.Count())
            .Take(MaxMessages)
            .Select(group => new Refusal(group.Key.Status, group.Key.Message, [.. group]))
            .ToList();
        row[Refusals] = refused.Count > 0 ? JsonSerializer.SerializeToUtf8Bytes(refused, RefusalJson.Default.ListRefusal) : null;
    }

    public static IReadOnlyDictionary<int, LineLeft> Read(TableEntity row)
    {
        var lines = new Dictionary<int, LineLeft>();
        foreach (var (line, value) in Unpack(row.GetBinary(Attempts), 2))
        {
            lines[line] = new LineLeft(new LineState(BinaryPrimitives.ReadUInt16LittleEndian(value.Span), 0, false, null), null);
        }

        foreach (var (line, value) in Unpack(row.GetBinary(Breaks), 2))
        {
            var (left, breaks) = (lines.GetValueOrDefault(line), BinaryPrimitives.ReadUInt16LittleEndian(value.Span));
            var state = left.State with { Breaks = breaks & ~OthersPassed, OthersPassed = (breaks & OthersPassed) != 0 };
            lines[line] = left with { State = state };
        }

        foreach (var (line, value) in Unpack(row.GetBinary(Waits), 4))
        {
            lines[line] = lines.GetValueOrDefault(line) with { NotBefore = ReadSeconds(value.Span) };
        }

        foreach (var (line, value) in Unpack(row.GetBinary(PutOffs), 12))
        {
            var left = lines.GetValueOrDefault(line);
            lines[line] = left with
            {
                State = left.State with
                {
                    PutOffAt = ReadSeconds(value.Span),
                    AloneSince = ReadSeconds(value.Span[4..]),
                    RefusedAlone = BinaryPrimitives.ReadUInt16LittleEndian(value.Span[8..]),
                    ToldAlike = BinaryPrimitives.ReadUInt16LittleEndian(value.Span[10..]),
                },
            };
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

    private static DateTimeOffset? Ceiling(DateTimeOffset? time) => time?.AddTicks(TimeSpan.TicksPerSecond - 1);

    private static void WriteSeconds(Span<byte> bytes, DateTimeOffset? time) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)(time?.ToUnixTimeSeconds() ?? 0));

    private static DateTimeOffset? ReadSeconds(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes) is > 0 and var seconds
        ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : null;

    private static byte[]? Pack(
        IReadOnlyDictionary<int, LineLeft> all, Func<LineLeft, bool> counts, int width, Action<Span<byte>, LineLeft> write)
    {
        var lines = all.Where(line => counts(line.Value)).ToList();
        if (lines.Count == 0)
        {
            return null;
        }

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
