using System.Buffers.Binary;
using System.Globalization;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Lines;

namespace BatchFunctions.Chunks;

/// <summary>A chunk to its table row and back. Lists are kept as packed little-endian numbers.</summary>
internal static class ChunkRow
{
    /// <summary>
    /// The version of the rows. Version 1 knows no segments: it would end a batch without them, so it must not read such a row.
    /// </summary>
    public const int Version = 2;

    /// <summary>The column of the loose epochs.</summary>
    public const string Loose = "Loose";

    public static string RowKeyOf(int number) => number.ToString("D6", CultureInfo.InvariantCulture);

    public static TableEntity ToRow(Chunk chunk)
    {
        var row = new TableEntity(chunk.Batch.Id, RowKeyOf(chunk.Number))
        {
            ["Tenant"] = chunk.Batch.Tenant,
            ["Offset"] = chunk.Offset,
            ["Length"] = chunk.Length,
            ["Lines"] = chunk.Lines,
            ["LinesBefore"] = chunk.LinesBefore,
            ["Ended"] = chunk.Ended,
            ["InputLost"] = chunk.InputLost ? true : null,
            ["Epoch"] = chunk.Epoch,
            ["Segments"] = ResultSegmentBytes.Write(chunk.Segments),
            [Loose] = ResultSegmentBytes.WriteEpochs(chunk.Loose),
            ["Completed"] = chunk.Completed,
            ["Failed"] = chunk.Failed,
            ["FailureKinds"] = chunk.Failures.ToBytes(),
            ["InputTokens"] = chunk.Usage.Input,
            ["CachedTokens"] = chunk.Usage.CachedInput,
            ["OutputTokens"] = chunk.Usage.Output,
            ["ReasoningTokens"] = chunk.Usage.ReasoningOutput,
            ["Wakes"] = chunk.Wakes,
            ["Strikes"] = chunk.Strikes,
            ["StrikeDone"] = chunk.StrikeDone,
            ["StrikeEpoch"] = chunk.StrikeEpoch,
            ["StruckAt"] = chunk.StruckAt,
            ["Done"] = chunk.Done.ToBytes(),
            ["OutputBlocks"] = Pack(chunk.Staged.Output),
            ["ErrorBlocks"] = Pack(chunk.Staged.Error),
            ["OutputBytes"] = chunk.Staged.OutputBytes is > 0 and var output ? output : null,
            ["ErrorBytes"] = chunk.Staged.ErrorBytes is > 0 and var error ? error : null,
            ["Owner"] = chunk.Owner,
            ["LeaseUntil"] = chunk.LeaseUntil,
            ["NotBefore"] = chunk.NotBefore,
        };
        LinesLeftRow.Write(row, chunk.Left);
        return row;
    }

    /// <summary>What stands for a row that cannot be read: a chunk without anything, which says so.</summary>
    public static Chunk Unreadable(TableEntity row, Exception e) => new()
    {
        Batch = new BatchKey(row.TryGetValue("Tenant", out var tenant) && tenant is string text ? text : "", row.PartitionKey),
        Number = int.Parse(row.RowKey, CultureInfo.InvariantCulture),
        Offset = 0,
        Length = 0,
        Lines = 0,
        LinesBefore = 0,
        Unreadable = e.Message,
    };

    public static Chunk FromRow(TableEntity row) => new()
    {
        Batch = new BatchKey(row.GetString("Tenant"), row.PartitionKey),
        Number = int.Parse(row.RowKey, CultureInfo.InvariantCulture),
        Offset = row.GetInt64("Offset")!.Value,
        Length = row.GetInt64("Length")!.Value,
        Lines = row.GetInt32("Lines")!.Value,
        LinesBefore = row.GetInt32("LinesBefore")!.Value,
        Ended = row.GetBoolean("Ended") ?? false,
        InputLost = row.GetBoolean("InputLost") ?? false,
        Epoch = row.GetInt32("Epoch") ?? 0,
        Owner = row.GetString("Owner"),
        LeaseUntil = row.GetDateTimeOffset("LeaseUntil"),
        NotBefore = row.GetDateTimeOffset("NotBefore"),
        Done = LineSet.FromBytes(row.GetBinary("Done") ?? []),
        Segments = ResultSegmentBytes.Read(row.GetBinary("Segments")),
        Loose = ResultSegmentBytes.ReadEpochs(row.GetBinary(Loose)),
        Staged = new StagedResults(
            UnpackBlocks(row.GetBinary("OutputBlocks")),
            UnpackBlocks(row.GetBinary("ErrorBlocks")),
            row.GetInt64("OutputBytes") ?? 0,
            row.GetInt64("ErrorBytes") ?? 0),
        Completed = row.GetInt32("Completed") ?? 0,
        Failed = row.GetInt32("Failed") ?? 0,
        Failures = FailureKinds.FromBytes(row.GetBinary("FailureKinds")),
        Usage = new TokenUsage(
            row.GetInt64("InputTokens") ?? 0,
            row.GetInt64("CachedTokens") ?? 0,
            row.GetInt64("OutputTokens") ?? 0,
            row.GetInt64("ReasoningTokens") ?? 0),
        Left = LinesLeftRow.Read(row),
        Wakes = row.GetInt32("Wakes") ?? 0,
        WrittenAt = row.Timestamp ?? default,
        Strikes = row.GetInt32("Strikes") ?? 0,
        StrikeDone = row.GetInt32("StrikeDone") ?? 0,
        StrikeEpoch = row.GetInt32("StrikeEpoch"),
        StruckAt = row.GetDateTimeOffset("StruckAt"),
    };

    private static byte[]? Pack(IReadOnlyList<StagedBlock> blocks)
    {
        if (blocks.Count == 0)
        {
            return null;
        }

        var bytes = new byte[blocks.Count * 8];
        for (var i = 0; i < blocks.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 8), blocks[i].Epoch);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan((i * 8) + 4), blocks[i].Part);
        }

        return bytes;
    }

    private static StagedBlock[] UnpackBlocks(byte[]? bytes)
    {
        var blocks = new StagedBlock[(bytes?.Length ?? 0) / 8];
        for (var i = 0; i < blocks.Length; i++)
        {
            blocks[i] = new StagedBlock(
                BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * 8)),
                BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan((i * 8) + 4)));
        }

        return blocks;
    }
}
