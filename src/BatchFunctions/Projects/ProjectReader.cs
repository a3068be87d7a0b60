using System.Collections.Concurrent;
using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Projects;

/// <summary>
/// What holds for each project, read from its row every half minute at most while anybody asks. All who ask at once share one
/// look. Whoever works on lines asks here, so a storage that fails or hangs keeps nobody: then what was known last holds, and
/// the defaults where nothing ever was.
/// </summary>
internal sealed partial class ProjectReader(
    ProjectStore store, RareLog rare, IOptions<BatchOptions> options, TimeProvider time, ILogger<ProjectReader> logger)
{
    /// <summary>How long a look is used, counted from when it was begun.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(30);

    /// <summary>How long after a look that failed, or is under way for long, nobody waits for another.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Known> _projects = new(StringComparer.Ordinal);

    /// <summary>What holds for a project. It fails only with the caller's own cancellation.</summary>
    /// <param name="name">The project's name.</param>
    /// <param name="ct">Cancels the wait, not the look.</param>
    public async ValueTask<ProjectLimits> LimitsOfAsync(string name, CancellationToken ct)
    {
        var known = _projects.GetOrAdd(name, static _ => new Known());
        await RefreshAsync(name, known, ct);
        return Resolve(known.Project ?? new Project(name));
    }

    /// <summary>Whether a project's keys and tokens may see the state of the whole service.</summary>
    /// <param name="name">The project's name.</param>
    /// <param name="ct">Cancels the wait, not the look.</param>
    /// <exception cref="StorageUnavailableException">Nothing is known of the project, since storage does not answer.</exception>
    public async ValueTask<bool> IsOperatorAsync(string name, CancellationToken ct)
    {
        var known = _projects.GetOrAdd(name, static _ => new Known());
        await RefreshAsync(name, known, ct);
        return known.Project is { } project
            ? project.Role == ProjectRole.Operator
            : throw new StorageUnavailableException(new TimeoutException($"Nothing is known of the project '{name}' yet."));
    }

    private ProjectLimits Resolve(Project project) => new(
        project.Weight ?? Project.LeastWeight,
        project.MaxBatches ?? options.Value.Quota.MaxBatches,
        project.MaxLines ?? options.Value.Quota.MaxLines,
        project.MaxUploadBytes ?? options.Value.Quota.UploadBytesFor(options.Value.MaxFileBytes),
        project.Role)
    {
        IsBeingErased = project.ErasingSince is not null,
    };

    private ValueTask RefreshAsync(string name, Known known, CancellationToken ct)
    {
        Task look;
        lock (known.Lock)
        {
            var now = time.GetUtcNow();
            if (now - known.BegunAt < (known.HasFailed ? Patience : Age) || known.Look is { IsCompleted: false })
            {
                // Somebody who finds a look under way waits with the others, but not once it has taken long.
                if (known.Look is null or { IsCompleted: true } || now - known.BegunAt >= Patience)
                {
                    return ValueTask.CompletedTask;
                }
            }
            else
            {
                known.BegunAt = now;
                known.Look = LookAsync(name, known);
            }

            look = known.Look;
        }

        return WaitAsync(look, ct);
    }

    private async ValueTask WaitAsync(Task look, CancellationToken ct)
    {
        try
        {
            await look.WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            // What was known before holds meanwhile.
        }
    }

    private async Task LookAsync(string name, Known known)
    {
        // The lock of whoever asks is not held while storage is.
        await Task.Yield();
        try
        {
            // Not cancelled with any caller: whoever asked first may leave before the answer comes.
            var project = await store.FindAsync(name, CancellationToken.None);
            lock (known.Lock)
            {
                known.Project = project;
                known.HasFailed = false;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            lock (known.Lock)
            {
                known.HasFailed = true;
            }

            if (rare.IsNews($"project {name}"))
            {
                Log.NotRead(logger, e, name);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "What is set for the project '{Project}' cannot be read; what was known last holds, or the defaults.")]
        public static partial void NotRead(ILogger logger, Exception e, string project);
    }

    /// <summary>What is known of a project.</summary>
    private sealed class Known
    {
        public Lock Lock { get; } = new();

        public Task? Look { get; set; }

        public DateTimeOffset BegunAt { get; set; } = DateTimeOffset.MinValue;

        public bool HasFailed { get; set; }

        /// <summary>What was read last; null before anything was.</summary>
        public Project? Project { get; set; }
    }
}
