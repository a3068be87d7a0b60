using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Tokens;

namespace BatchFunctions.Checks;

/// <summary>
/// Counts the tokens of requests. What is counted is text: that of <c>messages</c> with their roles and names, <c>input</c>,
/// <c>prompt</c> and <c>instructions</c>; of tokens that are given by their numbers, each; and for each message, and each request that has
/// messages, the three that OpenAI adds (cookbook.openai.com, "How to count tokens with tiktoken"). Not counted, and told, are images,
/// audio and files, tools, and what another request said. Not thread-safe.
/// </summary>
/// <param name="encoding">The encoding.</param>
internal sealed class LineTokens(TokenEncoding encoding)
{
    /// <summary>Bytes of text that are counted of one request. What is beyond them is taken to be like them.</summary>
    public const int MostCounted = 1024 * 1024;

    private const int ForEachMessage = 3;
    private const int ForEachRequest = 3;
    private const int ForName = 1;

    /// <summary>How deep the properties of a body are: in the line's object, in the body's.</summary>
    private const int BodyDepth = 2;
    private const int MessageDepth = BodyDepth + 1;

    private readonly JsonText _text = new(encoding);
    private long _tokens;
    private long _beyond;
    private long _counted;
    private bool _hasMore;

    /// <summary>Counts a valid line.</summary>
    /// <param name="line">The line, which has been checked.</param>
    public TokenCount Count(ReadOnlySpan<byte> line)
    {
        _tokens = _beyond = _counted = 0;
        _hasMore = false;
        var reader = new Utf8JsonReader(line, LineJson.ReaderOptions);
        var part = Part.None;
        var isText = false;
        var inBody = false;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName when reader.CurrentDepth == 1:
                    inBody = reader.ValueTextEquals("body"u8);
                    part = Part.None;
                    break;
                case JsonTokenType.PropertyName when inBody && reader.CurrentDepth == BodyDepth:
                    part = PartOf(in reader);
                    isText = part is Part.Messages or Part.Text;
                    _hasMore |= part == Part.More;
                    _tokens += part == Part.Messages ? ForEachRequest : 0;
                    break;
                case JsonTokenType.PropertyName when part is Part.Messages or Part.Text:
                    isText = IsText(in reader);
                    _hasMore |= !isText && IsMore(in reader);
                    _tokens += part == Part.Messages && reader.CurrentDepth == MessageDepth + 1 && reader.ValueTextEquals("name"u8) ? ForName : 0;
                    break;
                case JsonTokenType.StartObject when part == Part.Messages && reader.CurrentDepth == MessageDepth:
                    _tokens += ForEachMessage;
                    break;
                case JsonTokenType.String when isText && part is Part.Messages or Part.Text:
                    Add(in reader);
                    break;
                case JsonTokenType.Number when part == Part.Text && isText:
                    _tokens++;
                    break;
                default:
                    break;
            }
        }

        var tokens = _tokens + (_counted == 0 ? 0 : (long)((double)_beyond / _counted * _tokens));
        return new TokenCount(tokens, _beyond == 0, _hasMore);
    }

    private void Add(ref readonly Utf8JsonReader reader)
    {
        var spelled = reader.ValueSpan;
        var taken = JsonText.Fitting(spelled, reader.ValueIsEscaped, (int)Math.Max(0, MostCounted - _counted));
        _tokens += _text.Count(spelled[..taken], reader.ValueIsEscaped);
        _counted += taken;
        _beyond += spelled.Length - taken;
    }

    private static Part PartOf(ref readonly Utf8JsonReader name) => name switch
    {
        _ when name.ValueTextEquals("messages"u8) => Part.Messages,
        _ when name.ValueTextEquals("input"u8) || name.ValueTextEquals("prompt"u8) || name.ValueTextEquals("instructions"u8) => Part.Text,
        _ when name.ValueTextEquals("tools"u8) || name.ValueTextEquals("functions"u8) || name.ValueTextEquals("image"u8)
            || name.ValueTextEquals("previous_response_id"u8) || name.ValueTextEquals("conversation"u8) => Part.More,
        _ => Part.None,
    };

    private static bool IsText(ref readonly Utf8JsonReader name) =>
        name.ValueTextEquals("content"u8) || name.ValueTextEquals("text"u8) || name.ValueTextEquals("role"u8) || name.ValueTextEquals("name"u8)
        || name.ValueTextEquals("arguments"u8) || name.ValueTextEquals("output"u8) || name.ValueTextEquals("refusal"u8);

    private static bool IsMore(ref readonly Utf8JsonReader name) =>
        name.ValueTextEquals("image_url"u8) || name.ValueTextEquals("input_audio"u8) || name.ValueTextEquals("audio"u8)
        || name.ValueTextEquals("file"u8) || name.ValueTextEquals("file_id"u8) || name.ValueTextEquals("file_data"u8) || name.ValueTextEquals("file_url"u8);

    /// <summary>What a property of the body is here.</summary>
    private enum Part
    {
        None,
        Messages,
        Text,
        More,
    }
}

/// <summary>The tokens of a request.</summary>
/// <param name="Tokens">How many.</param>
/// <param name="IsWhole">Whether all of its text was counted; otherwise the rest is taken to be like it.</param>
/// <param name="HasMore">Whether it has what is not counted: images, tools and the like.</param>
internal readonly record struct TokenCount(long Tokens, bool IsWhole, bool HasMore);
