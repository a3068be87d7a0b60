using System.Collections.Concurrent;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>
/// How much each project stores, and whether more fits: the sum of its files' rows, read once a minute at most, and what
/// this process has taken and removed since. What other processes take meanwhile is seen a minute later.
/// </summary>
internal sealed class StoredBytes(FileStore files, IOptions<BatchOptions> options, TimeProvider time)
{
    /// <summary>How long a sum is used, counted from when it was asked for.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(1);

    private readonly long _max = options.Value.MaxStoredBytes;
    private readonly ConcurrentDictionary<string, Project> _projects = new(StringComparer.Ordinal);

    /// <summary>Begins to take something for a project.</summary>
    /// <param name="tenant">The project.</param>
    /// <param name="param">The parameter that an error names.</param>
    /// <param name="ct">Cancels the wait for the sum, not the sum.</param>
    public async Task<StorageShare> OpenAsync(string tenant, string? param, CancellationToken ct)
    {
        var project = _projects.GetOrAdd(tenant, static _ => new Project());
        await SumAsync(tenant, project).WaitAsync(ct);
        return new StorageShare(project, _max, param);
    }

    /// <summary>The bytes that a project stores, as the next file is held to them: what is on its way counts.</summary>
    /// <param name="tenant">The project.</param>
    /// <param name="ct">Cancels the wait for the sum, not the sum.</param>
    public async Task<long> UsedAsync(string tenant, CancellationToken ct)
    {
        var project = _projects.GetOrAdd(tenant, static _ => new Project());
        await SumAsync(tenant, project).WaitAsync(ct);
        lock (project.Lock)
        {
            return Math.Max(0, project.Sum + project.Since + project.Coming);
        }
    }

    /// <summary>Notes that a file has been deleted.</summary>
    public void Remove(string tenant, long bytes)
    {
        if (_projects.TryGetValue(tenant, out var project))
        {
            lock (project.Lock)
            {
                project.Since -= bytes;
            }
        }
    }

    private Task SumAsync(string tenant, Project project)
    {
        lock (project.Lock)
        {
            var now = time.GetUtcNow();
            if (project.Look is null or { IsFaulted: true } || (project.Look.IsCompleted && now - project.AskedAt >= Age))
            {
                project.AskedAt = now;
                project.Look = LookAsync(tenant, project, project.Since);
            }

            return project.Look;
        }
    }

    /// <param name="tenant">The project's name.</param>
    /// <param name="project">The project.</param>
    /// <param name="before">What this process has taken before: the sum has it. What it takes meanwhile may count twice.</param>
    private async Task LookAsync(string tenant, Project project, long before)
    {
        // Not cancelled with any caller: whoever asked first may leave before the answer comes.
        var sum = await files.SumAsync(tenant, CancellationToken.None);
        lock (project.Lock)
        {
            project.Sum = sum;
            project.Since -= before;
        }
    }

    /// <summary>What is known of a project.</summary>
    internal sealed class Project
    {
        public Lock Lock { get; } = new();

        public Task? Look { get; set; }

        public DateTimeOffset AskedAt { get; set; }

        /// <summary>The bytes of its files when they were last looked at.</summary>
        public long Sum { get; set; }

        /// <summary>What this process has taken since then, less what it has removed.</summary>
        public long Since { get; set; }

        /// <summary>What is coming to this process at the moment.</summary>
        public long Coming { get; set; }
    }
}

/// <summary>What one request takes of a project's storage; given back unless it is kept.</summary>
internal sealed class StorageShare(StoredBytes.Project project, long max, string? param) : IDisposable
{
    private long _bytes;

    /// <summary>Takes bytes, up to the given number in all.</summary>
    /// <exception cref="ApiException">The project may not store that much.</exception>
    public void Grow(long bytes)
    {
        lock (project.Lock)
        {
            var stored = project.Sum + project.Since;
            var more = bytes - _bytes;
            if (more <= 0)
            {
                return;
            }

            if (stored + project.Coming + more > max)
            {
                throw new ApiException(FileErrors.TooMuchStored(stored + project.Coming - _bytes, bytes, max, param));
            }

            project.Coming += more;
            _bytes = bytes;
        }
    }

    /// <summary>Notes that a file has come of it.</summary>
    /// <param name="bytes">The file's bytes.</param>
    public void Keep(long bytes) => End(bytes);

    public void Dispose() => End(0);

    private void End(long kept)
    {
        lock (project.Lock)
        {
            project.Since += kept;
            project.Coming -= _bytes;
            _bytes = 0;
        }
    }
}
