using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Upstream;

namespace BatchFunctions.Processing;

/// <summary>One pass over the input. Models that nobody serves are found where it is known which there are.</summary>
internal sealed class InputReading(Batch batch, UpstreamRegistry upstreams, BatchOptions options)
{
    /// <summary>The most entries in a failed batch's <c>errors.data</c>.</summary>
    private const int MaxErrors = 100;

    private readonly LineChecker _checker = new(batch.Endpoint, upstreams.ModelRule);
    private readonly ChunkCutter _cutter = new(batch);
    private readonly InputLimits _limits = new(options.MaxLines, options.MaxInputBytes, options.MaxLineBytes);

    public List<BatchError> Errors { get; } = [];

    public IReadOnlyList<Chunk> Chunks { get; private set; } = [];

    public int Lines => _cutter.Lines;

    public string? Model => _checker.Model;

    public async Task RunAsync(InputBlobs blobs, ByteBudget memory, ValidationPulse pulse, CancellationToken ct)
    {
        // Of an empty one not even a range can be read.
        if (_limits.ProblemOfSize(batch.InputBytes) is { } whole)
        {
            Add(whole, null);
            return;
        }

        await using var stream = await blobs.OpenWholeAsync(batch.InputBlob, batch.InputBytes, ct);
        using var reader = new LineReader(stream, options.MaxLineBytes, memory: memory);
        using var ids = memory.Open();
        while (Errors.Count < MaxErrors && await reader.ReadAsync(ct))
        {
            await pulse.BeatAsync(ct);
            await ids.GrowAsync(_checker.BytesForNext, ct);
            if (_limits.ProblemOfLines(Lines + 1) is { } tooMany)
            {
                Add(tooMany, null);
                return;
            }

            if ((reader.TooLong ? LineProblem.TooLong(options.MaxLineBytes) : _checker.Check(reader.Line.Span)) is { } problem)
            {
                Add(problem, reader.Number);
            }

            _cutter.Add(reader.Offset, reader.End);
        }

        if (_limits.ProblemOfLines(Lines) is { } none)
        {
            Add(none, null);
        }

        Chunks = _cutter.End();
    }

    private void Add(LineProblem problem, int? line) =>
        Errors.Add(BatchError.Of(problem, line));
}
