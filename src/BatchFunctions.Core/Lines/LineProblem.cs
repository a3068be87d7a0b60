using System.Globalization;

namespace BatchFunctions.Lines;

/// <summary>
/// A problem with a line or with the whole file: one entry of a failed batch's <c>errors.data</c>. All codes and
/// messages are defined here, in OpenAI's wording where it is known.
/// </summary>
/// <param name="Code">The error code, for programs.</param>
/// <param name="Message">The message, for people.</param>
/// <param name="Param">
/// The property that is wrong, prefixed with <c>body.</c> if it is inside the body; null for the line as a whole.
/// </param>
internal sealed record LineProblem(string Code, string Message, string? Param)
{
    // A hundred problems are to fit into a table property of 64 KiB, at six bytes for each character that is escaped.
    private const int LongestIdShown = 64;

    /// <summary>Names of models that a message has, to choose from.</summary>
    private const int ModelsShown = 3;

    /// <summary>The code for a model that nobody serves, which OpenAI has for the same.</summary>
    public const string ModelNotFoundCode = "model_not_found";

    /// <summary>Not JSON.</summary>
    public static LineProblem InvalidJson { get; } =
        new("invalid_json_line", "This line is not parseable as valid JSON.", null);

    /// <summary>JSON, but not an object.</summary>
    public static LineProblem NotAnObject { get; } =
        new("invalid_json_line", "This line is not a JSON object.", null);

    /// <summary>Nested deeper than <see cref="LineJson.MaxDepth"/>.</summary>
    public static LineProblem TooDeep { get; } = new(
        "invalid_json_line", Text($"This line is nested too deeply. The maximum depth is {LineJson.MaxDepth}."), null);

    /// <summary>Bytes that are not UTF-8.</summary>
    public static LineProblem InvalidEncoding { get; } =
        new("invalid_encoding", "This line is not valid UTF-8.", null);

    /// <summary>An unpaired surrogate escape such as <c>\ud800</c>, which UTF-8 cannot encode.</summary>
    public static LineProblem LoneSurrogate { get; } = new(
        "invalid_encoding", "This line has an escaped surrogate without its partner, which is no valid Unicode.", null);

    /// <summary>A method other than POST.</summary>
    public static LineProblem InvalidMethod { get; } =
        new("invalid_method", "The method provided for this request is not supported. Expected 'POST'.", "method");

    /// <summary>A request for a streamed answer.</summary>
    public static LineProblem StreamingUnsupported { get; } =
        new("streaming_unsupported", "Streaming is not supported in the Batch API.", "body.stream");

    /// <summary>No model, although the endpoint requires one.</summary>
    public static LineProblem MissingModel { get; } =
        new("invalid_request", "You must provide a model parameter.", "body.model");

    /// <summary>A file without a non-blank line.</summary>
    public static LineProblem EmptyFile { get; } = new(
        "empty_file", "The input file is empty. Please ensure that your batch contains at least one request.", null);

    /// <summary>A required property is missing.</summary>
    public static LineProblem Missing(string param) =>
        new("missing_required_parameter", $"Missing required parameter: '{param}'.", param);

    /// <summary>An endpoint other than the batch's.</summary>
    public static LineProblem InvalidUrl(string endpoint) => new(
        "invalid_url", $"The URL provided for this request does not match the batch endpoint. Expected '{endpoint}'.", "url");

    /// <summary>A property of the wrong type; both types with their articles, as in "a string".</summary>
    public static LineProblem InvalidType(string param, string expected, string actual) =>
        new("invalid_type", $"Invalid type for '{param}': expected {expected}, but got {actual} instead.", param);

    /// <summary>An empty string where text is required.</summary>
    public static LineProblem EmptyString(string param) => new(
        "empty_string",
        $"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        param);

    /// <summary>A string that is too long; lengths in characters (code points).</summary>
    public static LineProblem StringTooLong(string param, int max, int length) => new(
        "string_above_max_length",
        Text($"Invalid '{param}': string too long. Expected a string with maximum length {max}, but got a string with length {length} instead."),
        param);

    /// <summary>A <c>custom_id</c> that an earlier line has already used.</summary>
    public static LineProblem DuplicateCustomId(string customId) => new(
        "duplicate_custom_id",
        $"The custom_id '{Shown(customId)}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.",
        "custom_id");

    /// <summary>A property that occurs twice, so that two readers could see two different requests.</summary>
    public static LineProblem DuplicateProperty(string param) =>
        new("invalid_request", $"Duplicate parameter: '{param}'.", param);

    /// <summary>A model that nobody serves.</summary>
    /// <param name="model">Its name; empty where the line names none.</param>
    /// <param name="served">What is served, as far as it is to be told.</param>
    public static LineProblem ModelNotFound(string model, IReadOnlyCollection<string> served)
    {
        var what = model.Length == 0 ? "This line names no model, and none is assumed here." : $"The model '{Shown(model)}' does not exist here.";
        var some = served.Take(ModelsShown).Select(name => $"'{Shown(name)}'");
        var more = served.Count > ModelsShown ? Text($", and {served.Count - ModelsShown} more") : "";
        return new(ModelNotFoundCode, $"{what} What can be batched: {string.Join(", ", some)}{more}.", "body.model");
    }

    /// <summary>A model that is not a valid name, for the given reason.</summary>
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
