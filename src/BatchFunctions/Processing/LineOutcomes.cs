using BatchFunctions.Chunks;
using BatchFunctions.Lines;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>What an outcome means for its line: a line in the output or the error file, or a wait in storage.</summary>
internal sealed partial class LineOutcomes(
    Chunk claimed,
    LineResults results,
    LinesLeft left,
    BatchMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private static (string Code, string Message)? NotJson =>
        ("invalid_response", "The upstream answered with a body that is not JSON.");

    /// <summary>Takes up what came of sending a line.</summary>
    public void Take(int line, string customId, UpstreamOutcome outcome, LineMemory memory)
    {
        switch (outcome)
        {
            case UpstreamOutcome.Answered { IsSuccess: true } answer:
                Complete(line, customId, answer, memory);
                break;
            case UpstreamOutcome.Answered answer:
                Refuse(line, customId, answer, memory);
                break;
            case UpstreamOutcome.Failed failure:
                Fail(line, customId, failure.Code, failure.Message, memory);
                break;
            case UpstreamOutcome.Postponed postponed:
                Postpone(line, postponed);
                break;
            default:
                throw new InvalidOperationException($"An outcome of the type {outcome.GetType().Name} has no rule.");
        }
    }

    /// <summary>Takes up an outcome that <see cref="Take"/> could not: the line fails, with what was answered as text.</summary>
    public void TakeUnwritable(int line, string customId, UpstreamOutcome outcome, Exception e, LineMemory memory)
    {
        Log.Unwritable(logger, e, claimed.Batch.Id, claimed.Number, line);
        var answered = outcome is UpstreamOutcome.Answered answer ? answer.Body.Head(LastAnswer.MaxMessage * 4) : "";
        Fail(
            line,
            customId,
            UpstreamOutcome.Failed.InvalidResponse,
            $"The upstream's response cannot be written down. It begins: {LastAnswer.Excerpt(answered)}",
            memory);
    }

    private void Complete(int line, string customId, UpstreamOutcome.Answered answer, LineMemory memory)
    {
        results.Add(line, memory, segment =>
        {
            OutputLine.WriteResponse(
                segment.Output, IdOf(line), customId, answer.StatusCode, answer.RequestId, answer.Body.DrainTo);
            segment.AddCompleted(line, answer.Usage);
        });
        metrics.LineEnded("completed");
        TokensUsed(answer.Usage);
    }

    private void Refuse(int line, string customId, UpstreamOutcome.Answered answer, LineMemory memory)
    {
        results.Add(line, memory, segment =>
        {
            OutputLine.WriteResponse(
                segment.Error,
                IdOf(line),
                customId,
                answer.StatusCode,
                answer.RequestId,
                answer.Body.DrainTo,
                answer.Body.NotJson && answer.StatusCode is >= 200 and <= 299 ? NotJson : null);
            if (answer.StatusCode is >= 200 and <= 299)
            {
                segment.AddFailed(line, UpstreamOutcome.Failed.InvalidResponse, answer.Usage);
            }
            else
            {
                segment.AddRefused(line, answer.StatusCode, answer.Usage);
            }
        });
        metrics.LineEnded("refused");
        TokensUsed(answer.Usage);
    }

    private void Fail(int line, string customId, string code, string message, LineMemory memory)
    {
        results.Add(line, memory, segment =>
        {
            OutputLine.WriteError(segment.Error, IdOf(line), customId, code, message);
            segment.AddFailed(line, code);
        });
        metrics.LineEnded(code);
    }

    private void Postpone(int line, UpstreamOutcome.Postponed postponed)
    {
        left.Note(line, postponed.Line, time.GetUtcNow() + postponed.Delay);
        metrics.LinePostponed();
    }

    private string IdOf(int line) => ChunkInput.LineIdOf(claimed, line);

    private void TokensUsed(TokenUsage usage) =>
        metrics.TokensUsed(usage.Input, usage.CachedInput, usage.Output, usage.ReasoningOutput);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}, chunk {Chunk}, line {Line}: what came of it cannot be written down; the line fails.")]
        public static partial void Unwritable(ILogger logger, Exception e, string batchId, int chunk, int line);
    }
}
