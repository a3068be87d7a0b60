using BatchFunctions.Http;

namespace BatchFunctions.Uploads;

/// <summary>The errors of requests about uploads in parts.</summary>
internal static class UploadErrors
{
    public static ApiError EmptyPart { get; } = ApiError.InvalidRequest("Invalid 'data': the part is empty.", "data");

    public static ApiError Md5Differs { get; } = ApiError.InvalidRequest(
        "Invalid 'md5': the parts do not have this checksum. Send them again.", "md5");

    public static ApiError NoMd5 { get; } =
        ApiError.InvalidRequest("Invalid 'md5': expected 32 hex digits, or 16 bytes in base64.", "md5");

    public static ApiError Packed { get; } = ApiError.InvalidRequest(
        "Invalid 'filename': an upload in parts is kept as it comes, and not unpacked. Unpack the file first, or send it in one request to POST /v1/files, which unpacks it.",
        "filename");

    public static ApiError NoUpload(string id) => ApiError.NotFound($"No such Upload object: {ApiError.Shown(id)}", "upload_id");

    public static ApiError WrongUploadState(string action, string status) =>
        ApiError.InvalidRequest($"Cannot {action} an upload with status '{status}'.", null, "invalid_state");

    public static ApiError NoPart(int index, string id) =>
        ApiError.InvalidRequest(ApiError.Text($"Invalid 'part_ids[{index}]': no part '{ApiError.Shown(id)}' was added to this upload."), ApiError.Text($"part_ids[{index}]"));

    public static ApiError PartTwice(int index) =>
        ApiError.InvalidRequest(ApiError.Text($"Invalid 'part_ids[{index}]': the part is named already."), ApiError.Text($"part_ids[{index}]"));

    public static ApiError WrongTotal(long expected, long actual) => ApiError.InvalidRequest(
        ApiError.Text($"The parts have {actual} bytes, but the upload was created with 'bytes' {expected}."), "part_ids");

    public static ApiError TooManyUploads(int open, int max) => new(
        429,
        ApiError.InvalidRequestType,
        ApiError.Text($"The project has {open} open uploads, and may have {max}. Complete or cancel some; each expires an hour after it was begun."),
        null,
        "too_many_uploads");

    public static ApiError TooMuchOpen(long open, long more, long max) => new(
        429,
        ApiError.InvalidRequestType,
        ApiError.Text($"The project's open uploads have {open} bytes, and {more} more would exceed the {max} that they may have. Complete or cancel some; each expires an hour after it was begun."),
        "bytes",
        "upload_bytes_limit_exceeded");

    /// <summary>The upload alone is more than may ever be open.</summary>
    public static ApiError MoreThanMayBeOpen(long bytes, long max) => ApiError.InvalidRequest(
        ApiError.Text($"Invalid 'bytes': the upload has {bytes} bytes, and all open uploads of the project may have {max}. Have the limit raised."),
        "bytes",
        "upload_bytes_limit_exceeded");

    public static ApiError PartTooLarge(long announced) => ApiError.InvalidRequest(
        ApiError.Text($"Invalid 'data': the part is larger than the {announced} bytes that the upload was created with."),
        "data",
        "part_above_upload");

    public static ApiError TooManyBytes(Upload upload, long more) => ApiError.InvalidRequest(
        ApiError.Text($"Invalid 'data': the parts of this upload have {upload.PartBytes} bytes, and {more} more would exceed {upload.MaxPartBytes}, twice the {upload.Bytes} bytes that it was created with. Complete or cancel it."),
        "data",
        "parts_above_upload");

    public static ApiError TooManyBlocks(int max) => ApiError.InvalidRequest(
        ApiError.Text($"Invalid 'part_ids': too many small parts; they make more than {max} blocks. Send larger parts."), "part_ids");
}
