using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;

namespace BatchFunctions.Proof.Batches;

/// <summary>
/// What is promised of every batch that has ended: each line exactly once in output and error file together, counts and
/// tokens that equal the lines, answers that belong to their lines, and nothing of the processing left behind.
/// </summary>
internal sealed class ResultCheck(Account account, Tally tally)
{
    private const int InputTokens = 7;
    private const int OutputTokens = 3;

    public async Task CheckAsync(Batch ended, string name, int lines)
    {
        tally.Add(Count.Batches);
        if (await account.Get<ChunkStore>().ListAsync(ended.Id, CancellationToken.None).AnyAsync())
        {
            Violate(ended, "chunk rows are left");
        }

        if (ended.Status == BatchStatus.Failed)
        {
            CheckFailed(ended);
            return;
        }

        var output = await ReadAsync(ended, ended.OutputFileId);
        var error = await ReadAsync(ended, ended.ErrorFileId);
        if (ended.ChunkCount is null)
        {
            // Cancelled, or past its deadline, before its lines were known.
            Expect(ended, "lines of a batch that was never validated", 0, output.Count + error.Count + ended.Counts.Total);
            return;
        }

        CountLines(ended, [.. output, .. error], lines);
        CheckCounts(ended, output, error, lines);
        foreach (var line in output)
        {
            CheckAnswer(ended, line, name);
        }
    }

    private void CheckFailed(Batch ended)
    {
        // Only an input that is wrong may fail: everything else would be results lost.
        if (ended.Errors is not [{ Code: "invalid_json_line" }])
        {
            Violate(ended, $"failed with {string.Join(", ", ended.Errors.Select(error => error.Code))}");
        }
    }

    private void CountLines(Batch ended, IEnumerable<JsonElement> results, int lines)
    {
        var times = results.CountBy(IdOf).ToDictionary();
        var lost = 0;
        var doubled = 0;
        for (var line = 0; line < lines; line++)
        {
            var found = times.GetValueOrDefault($"line-{line}");
            lost += found == 0 ? 1 : 0;
            doubled += found > 1 ? 1 : 0;
        }

        tally.Add(Count.Lines, lines);
        tally.Add(Count.Lost, lost);
        tally.Add(Count.Doubled, doubled);
        Expect(ended, "lines lost", 0, lost);
        Expect(ended, "lines doubled", 0, doubled);
        Expect(ended, "different lines", lines, times.Count);
    }

    private void CheckCounts(
        Batch ended, IReadOnlyCollection<JsonElement> output, IReadOnlyCollection<JsonElement> error, int lines)
    {
        var unfinished = error.Count(line => CodeOf(line) is "batch_cancelled" or "batch_expired");
        Expect(ended, "total", lines, ended.Counts.Total);
        Expect(ended, "completed", output.Count, ended.Counts.Completed);
        Expect(ended, "failed", error.Count - unfinished, ended.Counts.Failed);
        tally.Add(Count.GivenUp, error.Count(line => CodeOf(line) is "internal_error"));
        Expect(ended, "input tokens", output.Count * InputTokens, ended.Usage.Input);
        Expect(ended, "output tokens", output.Count * OutputTokens, ended.Usage.Output);
        var expected = ended.Status switch
        {
            BatchStatus.Completed => "",
            BatchStatus.Cancelled => "batch_cancelled",
            BatchStatus.Expired => "batch_expired",
            _ => throw new InvalidOperationException($"Batch {ended.Id} has not ended: {ended.Status}."),
        };
        if (unfinished > 0 && error.Select(CodeOf).Any(code => code?.StartsWith("batch_", StringComparison.Ordinal) == true && code != expected))
        {
            Violate(ended, $"lines that ended otherwise than the batch, which is {ended.Status}");
        }
    }

    /// <summary>The upstream's answers name the line that they are for; no two calls get the same.</summary>
    private void CheckAnswer(Batch ended, JsonElement line, string name)
    {
        var id = IdOf(line);
        var content = line.GetProperty("response").GetProperty("body").GetProperty("choices")[0]
            .GetProperty("message").GetProperty("content").GetString()!;
        var marker = Account.MarkerOf(name, int.Parse(id["line-".Length..], System.Globalization.CultureInfo.InvariantCulture));
        if (!content.EndsWith($"'{marker}'", StringComparison.Ordinal))
        {
            Violate(ended, $"{id} has the answer of another line: {content}");
        }
    }

    private async Task<IReadOnlyList<JsonElement>> ReadAsync(Batch ended, string? fileId)
    {
        if (fileId is null)
        {
            return [];
        }

        if (await account.Get<FileStore>().FindAsync(ended.Tenant, fileId, CancellationToken.None) is not { } file)
        {
            Violate(ended, $"the file {fileId} is not there");
            return [];
        }

        var (lines, bytes) = await account.ReadAsync(file);
        Expect(ended, "bytes", file.Bytes, bytes);
        return lines;
    }

    private void Expect(Batch batch, string what, long expected, long actual)
    {
        if (expected != actual)
        {
            Violate(batch, $"{what}: {actual}, not {expected}");
        }
    }

    private void Violate(Batch batch, string what) => tally.Violate($"{batch.Id} ({batch.Status}): {what}");

    private static string IdOf(JsonElement line) => line.GetProperty("custom_id").GetString()!;

    private static string? CodeOf(JsonElement line) =>
        line.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("code").GetString() : null;
}
