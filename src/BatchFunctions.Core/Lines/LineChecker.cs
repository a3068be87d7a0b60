using System.Text;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// Checks the lines of one batch input in order and reports the first problem of each line, looking at its JSON,
/// <c>custom_id</c>, <c>method</c>, <c>url</c> and <c>body</c> in this order. Unknown properties are accepted, as
/// OpenAI accepts them. Not thread-safe; allocates almost nothing for a valid line.
/// </summary>
/// <param name="endpoint">The batch's endpoint, which each line's <c>url</c> must equal.</param>
/// <param name="rule">Which models there are; null where all are taken.</param>
internal sealed class LineChecker(string endpoint, ModelRule? rule = null)
{
    /// <summary>The longest <c>custom_id</c>, in characters (code points).</summary>
    public const int MaxCustomIdCharacters = 512;

    /// <summary>The longest model name, in characters (code points); the name is kept in the batch's row.</summary>
    public const int MaxModelCharacters = 512;

    // OpenAI's endpoints that require a model. Moderations have a default model; for an endpoint that an operator adds,
    // the upstream decides.
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

    /// <summary>The model that all valid lines so far share; null if they differ or one of them has none.</summary>
    public string? Model => _modelsDiffer || _model is null ? null : Encoding.UTF8.GetString(_model);

    /// <summary>How many ids are remembered; those beyond are compared with these alone.</summary>
    public int MostIds { get; init; } = int.MaxValue;

    /// <summary>Whether each id was compared with all before it.</summary>
    public bool HasComparedIds { get; private set; } = true;

    /// <summary>The bytes that the ids so far and that of one line more take.</summary>
    public long BytesForNext => _customIds.BytesForNext;

    /// <summary>Checks one line, without its line ending.</summary>
    /// <returns>What is wrong with the line, the first of it; null if it is valid.</returns>
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

    /// <summary>Checks one line, without its line ending, for everything that is wrong with it.</summary>
    /// <param name="line">The line.</param>
    /// <param name="problems">Receives all that is wrong, what <see cref="Check"/> returns first.</param>
    /// <param name="fields">What the line has; nothing where it is no JSON object.</param>
    /// <returns>Whether it is valid.</returns>
    public bool CheckAll(ReadOnlySpan<byte> line, ICollection<LineProblem> problems, out LineFields fields)
    {
        fields = new LineFields(line);
        if (_scanner.Scan(line, ref fields) is { } malformed)
        {
            fields = new LineFields(line);
            problems.Add(malformed);
            return false;
        }

        var isObject = fields.Body.Type == JsonTokenType.StartObject;
        var before = problems.Count;
        Add(CheckCustomId(fields.CustomId));
        Add(CheckMethod(fields.Method));
        Add(CheckUrl(fields.Url));
        Add(isObject ? CheckStream(fields.Stream) : CheckBody(in fields));
        Add(isObject ? CheckModel(fields.Model) : null);
        if (problems.Count > before)
        {
            return false;
        }

        NoteModel(fields.Model);
        return true;

        void Add(LineProblem? problem)
        {
            if (problem is not null)
            {
                problems.Add(problem);
            }
        }
    }

    // Records the id even if the rest of the line is wrong: its duplicate is an error in any case.
    private LineProblem? CheckCustomId(LineField customId)
    {
        if (CheckString(customId, "custom_id") is { } problem)
        {
            return problem;
        }

        var text = customId.Text(_scratch);
        return CheckLength(text, "custom_id", MaxCustomIdCharacters)
            ?? (IsNewId(text) ? null : LineProblem.DuplicateCustomId(Encoding.UTF8.GetString(text)));
    }

    private bool IsNewId(ReadOnlySpan<byte> text)
    {
        if (_customIds.Count < MostIds)
        {
            return _customIds.Add(text);
        }

        var isNew = !_customIds.Contains(text);
        HasComparedIds &= !isNew;
        return isNew;
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

    // Some servers read 1 or "true" as true, so nothing is accepted but false and null.
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
            return _needsModel ? LineProblem.MissingModel : rule?.Invoke(default);
        }

        var problem = CheckString(model, "body.model")
            ?? CheckLength(model.Text(_scratch), "body.model", MaxModelCharacters);
        return problem is { } reason ? LineProblem.InvalidModel(reason) : rule?.Invoke(model.Text(_scratch));
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

    // In UTF-8, each character has exactly one byte that is not a continuation byte.
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
