using System.Globalization;
using BatchFunctions.Memory;

namespace BatchFunctions.Lines;

/// <summary>
/// Which lines of a batch's input are sent once more: those that its error file names, and those that neither of its files names.
/// What it holds of a line is a digest of 16 bytes.
/// </summary>
/// <param name="only">
/// Codes of errors and HTTP statuses that narrow the choice to lines which ended so; empty for all of them.
/// </param>
/// <param name="unnamed">
/// The code that a line counts with which neither file names; null where every line is named.
/// </param>
internal sealed class RetryChoice(IReadOnlyList<string> only, string? unnamed)
{
    private readonly DigestSet _named = new();
    private readonly DigestSet _succeeded = new();
    private readonly Scratch _scratch = new();

    /// <summary>Whether the output file must be read too: a line that neither file names is told by that alone.</summary>
    public bool NeedsOutput { get; } = unnamed is not null && (only.Count == 0 || only.Contains(unnamed, StringComparer.Ordinal));

    /// <summary>The number of the first line that could not be chosen for being too long; null where there is none.</summary>
    public int? TooLongAt { get; private set; }

    /// <summary>Reads the error file.</summary>
    /// <param name="errors">Its content.</param>
    /// <param name="memory">What lines longer than usual are taken from; without limit where there is none.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="InvalidDataException">A line is none of an error file.</exception>
    public Task ReadErrorsAsync(Stream errors, ByteBudget? memory, CancellationToken ct) =>
        ReadAsync(errors, memory, _named, result => Matches(result) != NeedsOutput, ct);

    /// <summary>Reads the output file.</summary>
    /// <inheritdoc cref="ReadErrorsAsync"/>
    /// <param name="output">Its content.</param>
    /// <param name="memory">What lines longer than usual are taken from; without limit where there is none.</param>
    /// <param name="ct">Ends the reading.</param>
    public Task ReadOutputAsync(Stream output, ByteBudget? memory, CancellationToken ct) => ReadAsync(output, memory, _named, _ => NeedsOutput, ct);

    /// <summary>Reads the output file of an earlier retry: what has succeeded there is not sent once more.</summary>
    /// <inheritdoc cref="ReadErrorsAsync"/>
    /// <param name="output">Its content.</param>
    /// <param name="memory">What lines longer than usual are taken from; without limit where there is none.</param>
    /// <param name="ct">Ends the reading.</param>
    public Task ReadRetriedAsync(Stream output, ByteBudget? memory, CancellationToken ct) => ReadAsync(output, memory, _succeeded, _ => true, ct);

    /// <summary>
    /// Goes through the input. A line without an id is in no file either: an input that was never validated may have some, and they go
    /// with the others, so that the validation finds them. One that is too long is passed over (<see cref="TooLongAt"/>).
    /// </summary>
    /// <param name="input">Its content.</param>
    /// <param name="maxLineBytes">The longest line, in bytes.</param>
    /// <param name="memory">What lines longer than usual are taken from; without limit where there is none.</param>
    /// <param name="take">Takes a line that is chosen, without its line ending; it is good until the task ends.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>How many lines were chosen.</returns>
    public async Task<int> ChooseAsync(
        Stream input, int maxLineBytes, ByteBudget? memory, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken ct)
    {
        var chosen = 0;
        var scanner = new LineScanner();
        using var reader = new LineReader(input, maxLineBytes, memory: memory);
        while (await reader.ReadAsync(ct))
        {
            if (reader.TooLong)
            {
                TooLongAt ??= reader.Number;
            }
            else if (Takes(scanner, reader.Line.Span))
            {
                await take(reader.Line);
                chosen++;
            }
        }

        return chosen;
    }

    private bool Takes(LineScanner scanner, ReadOnlySpan<byte> line) => scanner.TryFindCustomId(line, _scratch, out var customId)
        ? _named.Contains(customId) != NeedsOutput && !_succeeded.Contains(customId)
        : NeedsOutput;

    private async Task ReadAsync(Stream results, ByteBudget? memory, DigestSet into, Func<ResultLine, bool> isNoted, CancellationToken ct)
    {
        using var reader = new LineReader(results, Array.MaxLength, memory: memory);
        while (await reader.ReadAsync(ct))
        {
            Note(reader, into, isNoted);
        }
    }

    private void Note(LineReader reader, DigestSet into, Func<ResultLine, bool> isNoted)
    {
        if (!ResultLine.TryRead(reader.Line.Span, _scratch, out var customId, out var result))
        {
            throw new InvalidDataException($"Line {reader.Number} is no result of a batch: it is not a JSON object with a custom_id.");
        }

        if (isNoted(result))
        {
            into.Add(customId);
        }
    }

    private bool Matches(ResultLine result) => only.Count == 0
        || (result.Code is { } code && only.Contains(code, StringComparer.Ordinal))
        || (result.Status is { } status && only.Contains(status.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal));
}
