using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Memory;

namespace BatchFunctions.Upstream;

/// <summary>The body of an answer, held once and in blocks, until it is written into its line.</summary>
internal sealed class AnswerBody : IDisposable
{
    /// <summary>
    /// Bytes that are kept of a body that is no JSON. Such a body is an error page; it explains itself in its first
    /// lines, and as a JSON string it can take up six times its size.
    /// </summary>
    public const int MaxTextBytes = 1024 * 1024;

    /// <summary>
    /// How deep an answer may be nested: what is deeper many clients cannot read (Python's parser gives up at 1,000 levels, with
    /// those of the program that calls it), and it is kept as text.
    /// </summary>
    public const int MaxDepth = 512;

    private const int FirstRead = 16 * 1024;

    /// <summary>Characters of a text that are written at once.</summary>
    private const int TextPiece = 8 * 1024;

    private static readonly JsonWriterOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly ByteBlocks _blocks;

    private AnswerBody(ByteBlocks blocks)
    {
        _blocks = blocks;
        NotJson = !JsonOneLine.IsOneValue(blocks.Sequence, MaxDepth);

        // Read once: who asks for it may hold a lock, and the body may have megabytes.
        (Usage, ErrorStatus) = NotJson ? default : AnswerSummary.Read(blocks.Sequence);
    }

    /// <summary>Whether what came is no JSON, and is kept as a JSON string.</summary>
    public bool NotJson { get; }

    /// <summary>How many bytes came, decompressed.</summary>
    public long Bytes => _blocks.Count;

    /// <summary>The tokens that it reports; zeros where it reports none.</summary>
    public TokenUsage Usage { get; }

    /// <inheritdoc cref="AnswerSummary.ErrorStatus"/>
    public int? ErrorStatus { get; }

    /// <summary>A hash of what came, to know the same words again.</summary>
    public ulong Hash
    {
        get
        {
            var hash = new XxHash3();
            foreach (var piece in _blocks.Sequence)
            {
                hash.Append(piece.Span);
            }

            return hash.GetCurrentHashAsUInt64();
        }
    }

    /// <summary>Reads a body to its end.</summary>
    /// <param name="content">The content, decoded.</param>
    /// <param name="announced">How long it says that it is; null when it does not say.</param>
    /// <param name="maxBytes">The most bytes, decompressed, that a body may have.</param>
    /// <param name="hold">Waits until so many bytes of the body may be held.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>The body, or null when it is larger than it may be.</returns>
    public static async Task<AnswerBody?> ReadAsync(
        Stream content, long? announced, int maxBytes, Func<long, ValueTask> hold, CancellationToken ct)
    {
        // One byte more than announced, so that the read that finds the end needs no further block.
        var blocks = new ByteBlocks((int?)announced + 1 ?? FirstRead);
        try
        {
            await hold(announced ?? 0);
            int read;
            while ((read = await content.ReadAsync(blocks.GetMemory(), ct)) > 0)
            {
                blocks.Advance(read);
                if (blocks.Count > maxBytes)
                {
                    blocks.Dispose();
                    return null;
                }

                await hold(blocks.Count);
            }

            return new AnswerBody(blocks);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    /// <summary>A body that is there.</summary>
    public static AnswerBody Of(ReadOnlySpan<byte> content)
    {
        var blocks = new ByteBlocks(content.Length);
        while (!content.IsEmpty)
        {
            var room = blocks.GetSpan();
            var count = Math.Min(room.Length, content.Length);
            content[..count].CopyTo(room);
            blocks.Advance(count);
            content = content[count..];
        }

        return new AnswerBody(blocks);
    }

    /// <summary>The first of what came, as text.</summary>
    /// <param name="bytes">How many bytes of it, at most.</param>
    public string Head(int bytes) => Encoding.UTF8.GetString(_blocks.Sequence.Slice(0, Math.Min(bytes, Bytes)));

    /// <summary>Writes it as one JSON value on one line, and gives it up while doing so.</summary>
    public void DrainTo(IBufferWriter<byte> output)
    {
        if (NotJson)
        {
            DrainAsText(output);
            return;
        }

        var line = new JsonOneLine(output);
        _blocks.Drain(line.Write);
    }

    public void Dispose() => _blocks.Dispose();

    private void DrainAsText(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, Relaxed);
        var decoder = Encoding.UTF8.GetDecoder();
        var text = new char[TextPiece];
        var left = MaxTextBytes;
        _blocks.Drain(block =>
        {
            var piece = block[..Math.Min(left, block.Length)];
            left -= piece.Length;
            while (!piece.IsEmpty)
            {
                decoder.Convert(piece, text, flush: false, out var read, out var written, out _);
                writer.WriteStringValueSegment(text.AsSpan(0, written), isFinalSegment: false);
                writer.Flush();
                piece = piece[read..];
            }
        });
        var rest = decoder.GetChars([], text, flush: true);
        writer.WriteStringValueSegment(text.AsSpan(0, rest), isFinalSegment: true);
    }
}
