using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Lines;
using BatchFunctions.Memory;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Checks;

/// <summary>
/// Checks files that batches may be made of, by the service's limits and models. A check takes a limited time, and goes on where it
/// stopped when it is asked to; a few run at a time, since they need little else than processor time. The ids that lines are compared
/// by are as many as a batch may have lines, and held within the process's budget.
/// </summary>
internal sealed class FileCheck(
    FileBlobs blobs, UpstreamRegistry upstreams, ByteBudget memory, IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>How long lines are read before a check stops, and how long those before them are read for their ids alone.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Faults that are told at a time.</summary>
    public const int MostFaults = 500;

    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly BatchOptions _options = options.Value;
    private readonly InputLimits _limits = new(options.Value.MaxLines, options.Value.MaxInputBytes, options.Value.MaxLineBytes);
    private readonly CheckedModels _models = new(upstreams.ModelRule, upstreams.SentAs);

    /// <summary>Checks a file, or what of it comes after a place.</summary>
    /// <exception cref="ApiException">The request does not fit the file, or too many checks are under way.</exception>
    public async Task<FileCheckObject> RunAsync(StoredFile file, CheckRequest request, CancellationToken ct)
    {
        if (file.Purpose != FilePurposes.Batch)
        {
            throw new ApiException(CheckErrors.NotForBatches(file));
        }

        CheckPlace? after = request.After is { } given
            ? CheckPlace.Parse(given, file.Bytes) ?? throw new ApiException(CheckErrors.NoPlace)
            : null;
        if (!await _turns.WaitAsync(TurnLimit, ct))
        {
            throw new ApiException(CheckErrors.Busy);
        }

        try
        {
            var endpoint = request.Endpoint ?? await EndpointOfAsync(file, ct);
            using var run = new Run(this, file, endpoint);
            return await run.CheckAsync(after, ct);
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private async Task<string> EndpointOfAsync(StoredFile file, CancellationToken ct)
    {
        if (file.Bytes == 0)
        {
            throw new ApiException(CheckErrors.NoEndpoint);
        }

        // A line of the longest kind and its end; what is not read of it does not come.
        await using var stream = await OpenAsync(file, 0, Math.Min(file.Bytes, _limits.MaxLineBytes + 2L), ct);
        using var reader = new LineReader(stream, _limits.MaxLineBytes, memory: memory);
        var endpoint = await reader.ReadAsync(ct) ? InputCheck.EndpointOf(reader.Line.Span) : null;
        return endpoint is null ? throw new ApiException(CheckErrors.NoEndpoint)
            : _options.Endpoints.Contains(endpoint, StringComparer.Ordinal) ? endpoint
            : throw new ApiException(ApiError.Unsupported("endpoint", ApiError.Shown(endpoint), _options.Endpoints));
    }

    private async Task<Stream> OpenAsync(StoredFile file, long offset, long length, CancellationToken ct) =>
        await blobs.OpenAsync(file.Blob, offset, length, ct) ?? throw new ApiException(FileErrors.NoFile(file.Id));

    /// <summary>One check.</summary>
    private sealed class Run : IDisposable
    {
        private readonly FileCheck _owner;
        private readonly StoredFile _file;
        private readonly string _endpoint;
        private readonly InputCheck _check;
        private readonly ByteShare _ids;
        private readonly List<BatchError> _told = [];

        /// <summary>Where the last line ended; the place after which faults are no longer told.</summary>
        private CheckPlace _place;
        private CheckPlace? _toldUntil;

        public Run(FileCheck owner, StoredFile file, string endpoint)
        {
            _owner = owner;
            _file = file;
            _endpoint = endpoint;
            _check = new InputCheck(endpoint, owner._limits, owner._models, Tell, owner._options.MaxLines);
            _ids = owner.Memory.Open();
        }

        public void Dispose() => _ids.Dispose();

        public async Task<FileCheckObject> CheckAsync(CheckPlace? after, CancellationToken ct)
        {
            _place = after ?? default;
            var knowsAll = after is not { } place || await PassAsync(place, ct);
            var isWhole = true;
            if (after is not null || _check.Begin(_file.Bytes))
            {
                isWhole = await ReadAsync(ct);
            }

            var totals = _check.Totals;
            return new FileCheckObject(
                _file.Id,
                _endpoint,
                totals,
                new(totals.Faults, totals.WrongLines, _told, _toldUntil?.ToString()),
                isWhole ? null : _place,
                knowsAll && _check.HasComparedIds);
        }

        /// <summary>Reads the lines before a place for their ids, as far as time suffices.</summary>
        /// <returns>Whether it has sufficed.</returns>
        private async Task<bool> PassAsync(CheckPlace place, CancellationToken ct)
        {
            _check.Pass(place.Lines);
            if (place.Offset == 0)
            {
                return true;
            }

            var start = _owner.NowStamp;
            await using var stream = await _owner.OpenAsync(_file, 0, place.Offset, ct);
            using var reader = _owner.ReaderOf(stream, default);
            while (await reader.ReadAsync(ct))
            {
                await _ids.GrowAsync(_check.BytesForNext, ct);
                _check.Remember(reader.Line.Span);
                if (_owner.IsOver(start))
                {
                    return false;
                }
            }

            return true;
        }

        /// <returns>Whether the file has ended.</returns>
        private async Task<bool> ReadAsync(CancellationToken ct)
        {
            if (_place.Offset < _file.Bytes)
            {
                var start = _owner.NowStamp;
                await using var stream = await _owner.OpenAsync(_file, _place.Offset, _file.Bytes - _place.Offset, ct);
                using var reader = _owner.ReaderOf(stream, _place);
                while (await reader.ReadAsync(ct))
                {
                    await _ids.GrowAsync(_check.BytesForNext, ct);
                    _check.Check(reader);
                    _place = new CheckPlace(reader.Number, _place.Lines + 1, reader.End);
                    if (_owner.IsOver(start))
                    {
                        return false;
                    }
                }
            }

            _check.End();
            return true;
        }

        private void Tell(LineFault fault)
        {
            // Of a line all or nothing is told, so that what comes next begins with a line.
            if (_toldUntil is null && _told.Count >= MostFaults && _told[^1].Line != fault.Line)
            {
                _toldUntil = _place;
            }

            if (_toldUntil is null)
            {
                _told.Add(BatchError.Of(fault.Problem, fault.Line));
            }
        }
    }

    private ByteBudget Memory => memory;

    private long NowStamp => time.GetTimestamp();

    private bool IsOver(long start) => time.GetElapsedTime(start) >= Limit;

    private LineReader ReaderOf(Stream stream, CheckPlace place) =>
        new(stream, _limits.MaxLineBytes, place.Offset, place.Number + 1, memory);
}
