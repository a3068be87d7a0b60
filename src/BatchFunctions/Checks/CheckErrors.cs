using BatchFunctions.Files;
using BatchFunctions.Http;

namespace BatchFunctions.Checks;

/// <summary>The errors of requests to check a file.</summary>
internal static class CheckErrors
{
    private static readonly TimeSpan BusyWait = TimeSpan.FromSeconds(5);

    /// <summary>As many checks as the process makes at a time are under way.</summary>
    public static ApiError Busy { get; } = new(
        429, ApiError.InvalidRequestType, "Other files are being checked at the moment. Please try again in a few seconds.", null, "too_many_checks")
    {
        Passes = true,
        RetryAfter = BusyWait,
    };

    public static ApiError NoEndpoint { get; } = ApiError.InvalidRequest(
        "The first line of the file names no endpoint in its 'url': say in 'endpoint' which one the lines are for.", "endpoint", "missing_required_parameter");

    public static ApiError NoPlace { get; } = ApiError.InvalidRequest(
        "Invalid 'after': expected the 'next' of an earlier check of this file.", "after");

    public static ApiError NotForBatches(StoredFile file) => ApiError.InvalidRequest(
        $"The file '{file.Id}' has the purpose '{file.Purpose}': only files with the purpose '{FilePurposes.Batch}' are made batches of.", "id", "invalid_purpose");
}
