using BatchFunctions.Files;

namespace BatchFunctions.Http;

internal sealed partial record ApiError
{
    public static ApiError BrokenForm { get; } = InvalidRequest(
        "The multipart body is broken: it ends too early, or a part has no readable headers.", null, "invalid_multipart_form_data");

    public static ApiError NoBoundary { get; } = InvalidRequest(
        "The content type 'multipart/form-data' names no usable boundary.", null, "invalid_multipart_form_data");

    public static ApiError EmptyBatchFile { get; } =
        InvalidRequest("Invalid file format for Batch API. The file is empty.", "file", "empty_file");

    public static ApiError NotJsonLines { get; } = InvalidRequest(
        "Invalid file format for Batch API. Must be .jsonl: the first line is no JSON object.", "file", "invalid_json_line");

    public static ApiError NoFilename { get; } =
        InvalidRequest("Invalid 'file': send it as a file, with a filename.", "file");

    public static ApiError FileInUse { get; } = Conflict("Cannot delete a file while a batch that has not ended reads it.");

    public static ApiError EmptyPart { get; } = InvalidRequest("Invalid 'data': the part is empty.", "data");

    public static ApiError Md5Differs { get; } = InvalidRequest(
        "Invalid 'md5': the parts do not have this checksum. Send them again.", "md5");

    public static ApiError NoMd5 { get; } =
        InvalidRequest("Invalid 'md5': expected 32 hex digits, or 16 bytes in base64.", "md5");

    /// <summary>OpenAI's words for a file that is not there.</summary>
    public static ApiError NoFile(string id) => NotFound($"No such File object: {Shown(id)}", "id");

    public static ApiError NoUpload(string id) => NotFound($"No such Upload object: {Shown(id)}", "upload_id");

    /// <summary>OpenAI's words for an unknown purpose, and its null for a code.</summary>
    public static ApiError NoPurpose(string given) => InvalidRequest(
        $"'{Shown(given)}' is not one of [{string.Join(", ", FilePurposes.Uploaded.Select(purpose => $"'{purpose}'"))}] - 'purpose'",
        "purpose",
        null);

    public static ApiError RangeNotSatisfiable(long bytes) => new(
        416, InvalidRequestType, Text($"The range is beyond the file, which has {bytes} bytes."), null, "range_not_satisfiable");

    public static ApiError WrongUploadState(string action, string status) =>
        InvalidRequest($"Cannot {action} an upload with status '{status}'.", null, "invalid_state");

    public static ApiError NoPart(int index, string id) =>
        InvalidRequest(Text($"Invalid 'part_ids[{index}]': no part '{Shown(id)}' was added to this upload."), Text($"part_ids[{index}]"));

    public static ApiError PartTwice(int index) =>
        InvalidRequest(Text($"Invalid 'part_ids[{index}]': the part is named already."), Text($"part_ids[{index}]"));

    public static ApiError WrongTotal(long expected, long actual) => InvalidRequest(
        Text($"The parts have {actual} bytes, but the upload was created with 'bytes' {expected}."), "part_ids");

    public static ApiError TooManyBlocks(int max) => InvalidRequest(
        Text($"Invalid 'part_ids': too many small parts; they make more than {max} blocks. Send larger parts."), "part_ids");
}
