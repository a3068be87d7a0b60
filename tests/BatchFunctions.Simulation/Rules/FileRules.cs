using Azure.Data.Tables;
using BatchFunctions.Files;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Result files as their rows are written: what could once be read is how the file begins for ever, and it has it whole.</summary>
internal sealed class FileRules(Life life)
{
    private const string Rule = "what is once read of a file is a prefix of it for ever";

    public void Written(TableEntity? before, TableEntity? after)
    {
        CheckWhole(before, after);
        if (after is null || after.GetBoolean("Deleted") == true || FileRows.SegmentsOf(life, after) is not { } segments)
        {
            return;
        }

        var known = before is null ? [] : FileRows.SegmentsOf(life, before) ?? [];
        if (!segments.Take(known.Count).SequenceEqual(known))
        {
            life.Violate(Rule, $"{after.RowKey}: {string.Join(' ', known)} became {string.Join(' ', segments)}");
        }

        if (segments.Distinct().Count() != segments.Count)
        {
            life.Violate("no segment is published twice", $"{after.RowKey}: {string.Join(' ', segments)}");
        }

        var file = FileRows.BlobOf(after);
        foreach (var blob in segments.Skip(known.Count).Select(segment => (segment.Bytes, segment.In(file).Name)))
        {
            if (!life.Account.Blobs.SlotsOf(file.Container).Any(slot => slot.Name == blob.Name && slot.Slot.Blob?.Length == blob.Bytes))
            {
                life.Violate("what is published is there", $"{blob.Name} of {blob.Bytes} bytes");
            }
        }

        if (before is not null && before.GetBoolean("IsGrowing") != true && segments.Count > known.Count)
        {
            life.Violate("a whole file grows no more", after.RowKey);
        }
    }

    /// <summary>Whoever comes late with what a file has been made whole of leaves it as it is, be it a tombstone by now.</summary>
    private void CheckWhole(TableEntity? before, TableEntity? after)
    {
        if (before is not null && after is not null
            && before.GetString("Purpose") == FilePurposes.BatchOutput
            && before.GetBoolean("IsGrowing") != true
            && before.GetBoolean("Deleted") == after.GetBoolean("Deleted"))
        {
            life.Violate("a whole file is written no more", after.RowKey);
        }
    }
}
