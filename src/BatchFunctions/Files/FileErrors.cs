using BatchFunctions.Http;
using BatchFunctions.Lines;

namespace BatchFunctions.Files;

/// <summary>The errors of requests about files, in OpenAI's wording where it is known.</summary>
internal static class FileErrors
{
    public static ApiError BrokenForm { get; } = ApiError.InvalidRequest(
        "The multipart body is broken: it ends too early, or a part has no readable headers.", null, "invalid_multipart_form_data");

    public static ApiError NoBoundary { get; } = ApiError.InvalidRequest(
        "The content type 'multipart/form-data' names no usable boundary.", null, "invalid_multipart_form_data");

    public static ApiError EmptyBatchFile { get; } =
        ApiError.InvalidRequest("Invalid file format for Batch API. The file is empty.", "file", "empty_file");

    public static ApiError BrokenGzip { get; } = ApiError.InvalidRequest(
        "Invalid 'file': by its name it is compressed with gzip, but it is no gzip, breaks off, or has something behind its end.", "file", "invalid_gzip");

    public static ApiError UnpacksTooLarge(long max) => new(
        413, ApiError.InvalidRequestType, ApiError.Text($"Invalid 'file': it unpacks to more than {max} bytes, which is the most that a file may have."), "file", "request_too_large");

    public static ApiError NoFilename { get; } =
        ApiError.InvalidRequest("Invalid 'file': send it as a file, with a filename.", "file");

    public static ApiError FileGrowing { get; } =
        ApiError.Conflict("Cannot delete results while their batch has not ended. Cancel the batch first, or wait until it has ended.");

    /// <summary>
    /// A process of an older version has yet to decide whether the file goes: it may well stay, so it is not unknown.
    /// </summary>
    /// <param name="param">The parameter that names the file; null if the path does.</param>
    public static ApiError BeingDeleted(string? param) => new(
        409,
        ApiError.InvalidRequestType,
        "Another request is deleting the file, and it is not decided yet whether it can go. Please try again in a moment.",
        param,
        "file_being_deleted")
    {
        Passes = true,
    };

    public static ApiError TooMuchStored(long stored, long more, long max, string? param) => ApiError.InvalidRequest(
        ApiError.Text($"The project stores {stored} bytes, and {more} more would exceed the {max} that it may store. Delete files, or wait until some expire; what other processes delete counts a minute later."),
        param,
        "storage_limit_exceeded");

    public static ApiError NotJsonLines(FirstLine line) => ApiError.InvalidRequest(
        $"Invalid file format for Batch API. Must be .jsonl: {line.Explanation()}", "file", "invalid_json_line");

    /// <summary>OpenAI's message for a file that does not exist.</summary>
    public static ApiError NoFile(string id) => ApiError.NotFound($"No such File object: {ApiError.Shown(id)}", "id");

    /// <summary>OpenAI's message for an unknown purpose, and its null code.</summary>
    public static ApiError NoPurpose(string given) => ApiError.InvalidRequest(
        $"'{ApiError.Shown(given)}' is not one of [{string.Join(", ", FilePurposes.Uploaded.Select(purpose => $"'{purpose}'"))}] - 'purpose'",
        "purpose",
        null);

    public static ApiError RangeNotSatisfiable(long bytes) => new(
        416, ApiError.InvalidRequestType, ApiError.Text($"The range is beyond the file, which has {bytes} bytes."), null, "range_not_satisfiable");
}
