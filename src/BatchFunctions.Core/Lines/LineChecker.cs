using System.Text;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// Checks the lines of one batch input, one after the other. Reports the first thing that is wrong with a line, in the
/// order form, <c>custom_id</c>, <c>method</c>, <c>url</c>, <c>body</c>. Properties it does not know are let through, as
/// OpenAI does. Used by one thread at a time; a line that is right makes no garbage.
/// </summary>
/// <param name="endpoint">The batch's endpoint, which each line's <c>url</c> must equal.</param>
internal sealed class LineChecker(string endpoint)
{
    /// <summary>The longest <c>custom_id</c>, in characters (code points).</summary>
    public const int MaxCustomIdCharacters = 512;

    /// <summary>The longest model's name, in characters (code points); it is kept in the batch's row.</summary>
    public const int MaxModelCharacters = 512;

    // OpenAI's endpoints whose requests need a model. A moderation has a default one; of an endpoint that an operator
    // adds, the upstream knows.
    private static readonly HashSet<string> ModelEndpoints = new(StringComparer.Ordinal)
    {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/images/edits",
        "/v1/images/generations",
        "/v1/responses",
        "/v1/videos",
    };

    private readonly byte[] _endpoint = Encoding.UTF8.GetBytes(endpoint);
    private readonly bool _needsModel = ModelEndpoints.Contains(endpoint);
    private readonly LineScanner _scanner = new();
    private readonly Scratch _scratch = new();
    private readonly DigestSet _customIds = new();
    private byte[]? _model;
    private bool _modelsDiffer;

    /// <summary>
    /// The model that all lines found right so far share; null when they differ, or one of them has none.
    /// </summary>
    public string? Model => _modelsDiffer || _model is null ? null : Encoding.UTF8.GetString(_model);

    /// <summary>Checks one line, without its ending.</summary>
    /// <returns>What is wrong with it; null when it is right.</returns>
    public LineProblem? Check(ReadOnlySpan<byte> line)
    {
        var fields = new LineFields(line);
        var problem = _scanner.Scan(line, ref fields);
        problem ??= CheckCustomId(fields.CustomId)
            ?? CheckMethod(fields.Method)
            ?? CheckUrl(fields.Url)
            ?? CheckBody(in fields);
        if (problem is null)
        {
            NoteModel(fields.Model);
        }

        return problem;
    }

    // Notes the id even if the rest of the line is wrong: its double is wrong whatever becomes of this line.
    private LineProblem? CheckCustomId(LineField customId)
    {
        if (CheckString(customId, "custom_id") is { } problem)
        {
            return problem;
        }

        var text = customId.Text(_scratch);
        return CheckLength(text, "custom_id", MaxCustomIdCharacters)
            ?? (_customIds.Add(text) ? null : LineProblem.DuplicateCustomId(Encoding.UTF8.GetString(text)));
    }

    private static LineProblem? CheckMethod(LineField method) =>
        CheckString(method, "method") ?? (method.Is("POST"u8) ? null : LineProblem.InvalidMethod);

    private LineProblem? CheckUrl(LineField url) =>
        CheckString(url, "url") ?? (url.Is(_endpoint) ? null : LineProblem.InvalidUrl(endpoint));

    private LineProblem? CheckBody(in LineFields fields) => fields.Body.Type switch
    {
        JsonTokenType.None => LineProblem.Missing("body"),
        JsonTokenType.StartObject => CheckStream(fields.Stream) ?? CheckModel(fields.Model),
        _ => LineProblem.InvalidType("body", "an object", fields.Body.Kind()),
    };

    // Some servers take 1 or "true" for true, so nothing passes here but what none can.
    private static LineProblem? CheckStream(LineField stream) => stream.Type switch
    {
        JsonTokenType.None or JsonTokenType.Null or JsonTokenType.False => null,
        JsonTokenType.True => LineProblem.StreamingUnsupported,
        _ => LineProblem.InvalidType("body.stream", "a boolean", stream.Kind()),
    };

    private LineProblem? CheckModel(LineField model)
    {
        if (model.Type is JsonTokenType.None or JsonTokenType.Null)
        {
            return _needsModel ? LineProblem.MissingModel : null;
        }

        var problem = CheckString(model, "body.model")
            ?? CheckLength(model.Text(_scratch), "body.model", MaxModelCharacters);
        return problem is { } reason ? LineProblem.InvalidModel(reason) : null;
    }

    private static LineProblem? CheckString(LineField field, string param) => field.Type switch
    {
        JsonTokenType.String => null,
        JsonTokenType.None => LineProblem.Missing(param),
        _ => LineProblem.InvalidType(param, "a string", field.Kind()),
    };

    private static LineProblem? CheckLength(ReadOnlySpan<byte> text, string param, int max)
    {
        if (text.IsEmpty)
        {
            return LineProblem.EmptyString(param);
        }

        if (text.Length <= max)
        {
            return null;
        }

        var characters = Characters(text);
        return characters <= max ? null : LineProblem.StringTooLong(param, max, characters);
    }

    // UTF-8 has one byte in each character that does not continue another.
    private static int Characters(ReadOnlySpan<byte> text)
    {
        var characters = 0;
        foreach (var value in text)
        {
            characters += (value & 0xC0) == 0x80 ? 0 : 1;
        }

        return characters;
    }

    private void NoteModel(LineField model)
    {
        if (_modelsDiffer)
        {
            return;
        }

        if (model.Type != JsonTokenType.String)
        {
            _modelsDiffer = true;
        }
        else if (_model is null)
        {
            _model = model.Text(_scratch).ToArray();
        }
        else
        {
            _modelsDiffer = !model.Is(_model);
        }
    }
}
