using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Projects;
using BatchFunctions.Uploads;

namespace BatchFunctions.Limits;

/// <summary>The API's answer to what a project may have, and has.</summary>
internal sealed class LimitsObject(string project, ProjectLimits limits, ActiveLoad active, long storedBytes, OpenUploads uploads, BatchOptions options)
{
    private const string Kind = "project.limits";

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("The project that the key acts for.")]
    public string Project { get; } = project;

    [Description("'operator' if the project's keys may see the state of the whole service.")]
    public string? Role { get; } = limits.Role == ProjectRole.Operator ? Projects.Project.OperatorName : null;

    [Description("The project's part of the upstream beside other projects.")]
    public int Weight { get; } = limits.Weight;

    [Description("Batches that have not ended.")]
    public UsageObject Batches { get; } = new(limits.MaxBatches, active.Batches);

    [Description("Lines that wait in them, exact to a tenth of each batch's lines.")]
    public UsageObject EnqueuedRequests { get; } = new(limits.MaxLines, active.Lines);

    [Description("Bytes in files, results of batches included, exact to about a minute.")]
    public UsageObject StoredBytes { get; } = new(options.MaxStoredBytes, storedBytes);

    [Description("Uploads in parts that are neither completed, cancelled nor expired.")]
    public UsageObject OpenUploads { get; } = new(options.MaxOpenUploads, uploads.Count);

    [Description("The bytes that those were begun with, or that their parts have staged where that is more.")]
    public UsageObject OpenUploadBytes { get; } = new(limits.MaxUploadBytes, uploads.Bytes);

    [Description("The most lines of one batch.")]
    public int MaxRequestsPerBatch { get; } = options.MaxLines;

    [Description("The largest input of a batch.")]
    public long MaxInputBytes { get; } = options.MaxInputBytes;

    [Description("The longest line of an input.")]
    public int MaxLineBytes { get; } = options.MaxLineBytes;

    [Description("The largest file.")]
    public long MaxFileBytes { get; } = options.MaxFileBytes;
}

/// <summary>How much of something a project may have, and has.</summary>
internal sealed class UsageObject(long limit, long used)
{
    public long Limit { get; } = limit;

    public long Used { get; } = used;

    public long Remaining { get; } = Math.Max(0, limit - used);
}
