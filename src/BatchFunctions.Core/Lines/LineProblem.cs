using System.Globalization;

namespace BatchFunctions.Lines;

/// <summary>
/// What is wrong with a line, or with the file as a whole: one entry of a failed batch's <c>errors.data</c>. All codes
/// and all wording stand here, as OpenAI words them where it is known to have words.
/// </summary>
/// <param name="Code">The code that programs tell problems by.</param>
/// <param name="Message">The sentence that people read.</param>
/// <param name="Param">The property that is wrong, with <c>body.</c> before it inside of the body; null for the line as a whole.</param>
internal sealed record LineProblem(string Code, string Message, string? Param)
{
    // A hundred problems have to fit a property of 64 KiB, with six bytes for a character where it has to be escaped.
    private const int LongestIdShown = 64;

    /// <summary>No JSON at all.</summary>
    public static LineProblem InvalidJson { get; } =
        new("invalid_json_line", "This line is not parseable as valid JSON.", null);

    /// <summary>JSON, but no object.</summary>
    public static LineProblem NotAnObject { get; } =
        new("invalid_json_line", "This line is not a JSON object.", null);

    /// <summary>Nested deeper than <see cref="LineJson.MaxDepth"/>.</summary>
    public static LineProblem TooDeep { get; } = new(
        "invalid_json_line", Text($"This line is nested too deeply. The maximum depth is {LineJson.MaxDepth}."), null);

    /// <summary>Bytes that are no UTF-8.</summary>
    public static LineProblem InvalidEncoding { get; } =
        new("invalid_encoding", "This line is not valid UTF-8.", null);

    /// <summary>An escape such as <c>\ud800</c> without its partner: no UTF-8 can carry it.</summary>
    public static LineProblem LoneSurrogate { get; } = new(
        "invalid_encoding", "This line has an escaped surrogate without its partner, which is no valid Unicode.", null);

    /// <summary>Another method than POST.</summary>
    public static LineProblem InvalidMethod { get; } =
        new("invalid_method", "The method provided for this request is not supported. Expected 'POST'.", "method");

    /// <summary>A request for an answer in pieces.</summary>
    public static LineProblem StreamingUnsupported { get; } =
        new("streaming_unsupported", "Streaming is not supported in the Batch API.", "body.stream");

    /// <summary>No model where the endpoint needs one.</summary>
    public static LineProblem MissingModel { get; } =
        new("invalid_request", "You must provide a model parameter.", "body.model");

    /// <summary>A file without a line that is not blank.</summary>
    public static LineProblem EmptyFile { get; } = new(
        "empty_file", "The input file is empty. Please ensure that your batch contains at least one request.", null);

    /// <summary>A property that every line must have is not there.</summary>
    public static LineProblem Missing(string param) =>
        new("missing_required_parameter", $"Missing required parameter: '{param}'.", param);

    /// <summary>Another endpoint than the batch's.</summary>
    public static LineProblem InvalidUrl(string endpoint) => new(
        "invalid_url", $"The URL provided for this request does not match the batch endpoint. Expected '{endpoint}'.", "url");

    /// <summary>A property of another type; the types with their articles, as in "a string".</summary>
    public static LineProblem InvalidType(string param, string expected, string actual) =>
        new("invalid_type", $"Invalid type for '{param}': expected {expected}, but got {actual} instead.", param);

    /// <summary>An empty string where there must be text.</summary>
    public static LineProblem EmptyString(string param) => new(
        "empty_string",
        $"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        param);

    /// <summary>A string that is too long; lengths in characters (code points).</summary>
    public static LineProblem StringTooLong(string param, int max, int length) => new(
        "string_above_max_length",
        Text($"Invalid '{param}': string too long. Expected a string with maximum length {max}, but got a string with length {length} instead."),
        param);

    /// <summary>A <c>custom_id</c> that an earlier line has.</summary>
    public static LineProblem DuplicateCustomId(string customId) => new(
        "duplicate_custom_id",
        $"The custom_id '{Shown(customId)}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.",
        "custom_id");

    /// <summary>A property that stands twice, so that two readers could see two different requests.</summary>
    public static LineProblem DuplicateProperty(string param) =>
        new("invalid_request", $"Duplicate parameter: '{param}'.", param);

    /// <summary>A model that is there but names none.</summary>
    public static LineProblem InvalidModel(LineProblem reason) => reason with { Code = "invalid_request" };

    /// <summary>A line of more than <paramref name="max"/> bytes.</summary>
    public static LineProblem TooLong(int max) =>
        new("line_too_long", Text($"This line is too long. The maximum length of a line is {max} bytes."), null);

    /// <summary>More lines than a batch may have.</summary>
    public static LineProblem TooManyRequests(int max) => new(
        "too_many_requests", Text($"The input file has too many requests. The maximum number of requests in a batch is {max}."), null);

    /// <summary>More bytes than a batch's input may have.</summary>
    public static LineProblem FileTooLarge(long max) => new(
        "file_too_large", Text($"The input file is too large. The maximum size of a batch's input file is {max} bytes."), null);

    private static string Shown(string id) =>
        id.Length <= LongestIdShown ? id
        : id[..(char.IsHighSurrogate(id[LongestIdShown - 1]) ? LongestIdShown - 1 : LongestIdShown)] + "…";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
