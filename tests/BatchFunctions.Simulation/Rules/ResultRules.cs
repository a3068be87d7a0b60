using System.Globalization;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Upstream;

namespace BatchFunctions.Simulation.Rules;

/// <summary>A batch that has ended: each line once in both files together, with its own answer, and counts that equal them.</summary>
internal sealed class ResultRules(Life life, Batch batch, ApiClient api)
{
    private readonly BatchPlan _plan = life.Plan.Batches[LifeWatch.NumberOf(batch)];

    /// <summary>The lines that the batch owes an answer: of a retry those that had not succeeded.</summary>
    private HashSet<int> _owed = [];

    private bool IsWhole => _plan.LoseInputAfter is null || batch.Status == BatchStatus.Completed;

    public async Task CheckAsync()
    {
        if (!batch.Status.HasEnded())
        {
            Violate("every batch ends", "has not ended");
            return;
        }

        if (await api.GetBatchAsync(batch.Id) is not { IsGood: true } reply)
        {
            Violate("every batch can be read", "is not answered");
            return;
        }

        var seen = reply.Json;
        if (batch is { RetryOf: not null, Status: BatchStatus.Failed } && _plan.LoseInputAfter is null && _plan.BadLine is null
            && seen.GetProperty("errors").GetRawText() is var said && said.Contains(BatchFailures.RetrySourceLost.Message, StringComparison.Ordinal))
        {
            if (life.Watch.LateRetries.Contains(batch.Id))
            {
                return;
            }

            Violate("what a retry is made of is kept for it", said);
        }

        if (await OwedAsync() is not { } owed)
        {
            return;
        }

        _owed = owed;
        if (batch.RetryOf is not null && batch.Status == BatchStatus.Failed)
        {
            CheckFailedRetry(seen.GetProperty("errors").GetRawText());
            return;
        }

        if (batch.Status == BatchStatus.Failed)
        {
            var errors = seen.GetProperty("errors").GetRawText();
            if (_plan.BadLine is null && _plan.LoseInputAfter is null)
            {
                Violate("no batch fails without a reason", errors);
            }

            if (!errors.Contains("\"input_lost\"", StringComparison.Ordinal))
            {
                return;
            }
        }

        if (_plan.BadLine is not null && batch.Status == BatchStatus.Completed)
        {
            Violate("an input that is no JSON fails", "was completed");
        }

        var output = await LinesOfAsync(seen, "output_file_id");
        var error = await LinesOfAsync(seen, "error_file_id");
        if (output is not null && error is not null)
        {
            Check(seen, output, error);
        }
    }

    private void Check(JsonElement seen, List<JsonElement> output, List<JsonElement> error)
    {
        var counts = seen.GetProperty("request_counts");
        var total = counts.GetProperty("total").GetInt32();
        if (total == 0 && batch.Status != BatchStatus.Completed && output.Count + error.Count == 0)
        {
            // Cancelled, or past its deadline, before its lines were known.
            return;
        }

        Expect("counts equal the lines", "total", _owed.Count, total);
        var times = output.Concat(error).CountBy(IdOf).ToDictionary();
        foreach (var line in _owed)
        {
            // Lines of an input that is gone can no longer be named.
            var found = times.GetValueOrDefault($"line-{line}");
            Expect("every custom_id stands once in both files", $"line-{line}", IsWhole ? 1 : Math.Min(found, 1), found);
        }

        Expect("every custom_id stands once in both files", "different ids", _owed.Count, IsWhole ? times.Count : Math.Max(times.Count, _owed.Count));
        var unfinished = error.Count(line => CodeOf(line) is "batch_cancelled" or "batch_expired");
        Expect("counts equal the lines", "completed", output.Count, counts.GetProperty("completed").GetInt32());
        Expect("counts equal the lines", "failed", error.Count - unfinished, counts.GetProperty("failed").GetInt32());
        Expect(
            "usage equals the lines",
            "tokens",
            output.Count * (FickleUpstream.InputTokens + FickleUpstream.OutputTokens),
            seen.GetProperty("usage").GetProperty("total_tokens").GetInt64());
        if (unfinished > 0 && batch.Status == BatchStatus.Completed)
        {
            Violate("a batch that is completed has no unfinished lines", $"has {unfinished}");
        }

        if (error.Count(line => CodeOf(line) == "internal_error") is > 0 and var given)
        {
            Violate("what may pass fails no line", $"has {given} that were given up");
        }

        foreach (var line in output)
        {
            CheckAnswer(line);
        }
    }

    /// <returns>Null where it cannot be known any more.</returns>
    private async Task<HashSet<int>?> OwedAsync()
    {
        HashSet<int> owed = [.. Enumerable.Range(0, _plan.Lines)];
        if (batch.RetryOf is null)
        {
            return owed;
        }

        if (life.Watch.Batches.Values.Any(other => other.RetryOf == batch.RetryOf && other.Deleted))
        {
            // What had succeeded in it counts as left over again.
            return null;
        }

        // What an earlier retry has brought to an answer is not sent again. Which is earlier their original says: ids are of clocks that differ.
        var original = life.Watch.Batches[batch.RetryOf];
        foreach (var earlier in original.Retries.TakeWhile(id => id != batch.Id).Select(id => life.Watch.Batches.GetValueOrDefault(id)).OfType<Batch>().Prepend(original))
        {
            if (await api.GetBatchAsync(earlier.Id) is not { IsGood: true } reply || await LinesOfAsync(reply.Json, "output_file_id") is not { } done)
            {
                return null;
            }

            owed.ExceptWith(done.Select(NumberOf));
        }

        return owed;
    }

    /// <summary>A retry may find nothing to send, or what it is made of gone behind the service's back.</summary>
    private void CheckFailedRetry(string errors)
    {
        if (errors.Contains("\"retry_overtaken\"", StringComparison.Ordinal))
        {
            if (life.Watch.Batches[batch.RetryOf!].Retries.Contains(batch.Id))
            {
                Violate("no batch fails without a reason", errors);
            }
        }
        else if (errors.Contains("\"nothing_to_retry\"", StringComparison.Ordinal) ? _owed.Count > 0 : _plan.LoseInputAfter is null && _plan.BadLine is null)
        {
            Violate("no batch fails without a reason", $"{_owed.Count} lines were left, and it says {errors}");
        }
    }

    private static int NumberOf(JsonElement line) => int.Parse(IdOf(line)["line-".Length..], CultureInfo.InvariantCulture);

    private void CheckAnswer(JsonElement line)
    {
        var content = line.GetProperty("response").GetProperty("body").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
        var number = NumberOf(line);
        if (content != _plan.MarkerOf(number))
        {
            Violate("every line has its own answer", $"line {number} has that of {content}");
        }
    }

    /// <returns>Null where its owner has asked to delete it.</returns>
    private async Task<List<JsonElement>?> LinesOfAsync(JsonElement seen, string name)
    {
        if (seen.GetProperty(name).GetString() is not { } file)
        {
            return [];
        }

        var reply = await api.ContentAsync(file);
        var isDeleted = life.Clients.Exists(client => client.AskedToDelete.Contains(file));
        if (reply is { IsGood: true })
        {
            return [.. reply.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        }

        if (!isDeleted)
        {
            Violate("every result can be read", $"{name} is answered with {reply?.Status}");
        }

        return null;
    }

    private static string IdOf(JsonElement line) => line.GetProperty("custom_id").GetString()!;

    private static string? CodeOf(JsonElement line) =>
        line.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("code").GetString() : null;

    private void Expect(string rule, string what, long expected, long actual)
    {
        if (expected != actual)
        {
            Violate(rule, $"{what}: {actual}, not {expected}");
        }
    }

    private void Violate(string rule, string what) => life.Violate(rule, $"{batch.Id} ({batch.Status}): {what}");
}
