using System.Text;
using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Tokens;

namespace BatchFunctions.Checks;

/// <summary>
/// Checks a batch's input line by line, as its validation does and beyond: tells everything that is wrong, and counts lines, models,
/// endpoints and tokens. Holds of an input the digests of its ids. Not thread-safe.
/// </summary>
/// <remarks>Whose memory is limited says how many ids are held, and sees to it that there is room for the next (<see cref="BytesForNext"/>).</remarks>
/// <param name="endpoint">The batch's endpoint.</param>
/// <param name="limits">What the input may be.</param>
/// <param name="models">Which models there are, and what they are called upstream.</param>
/// <param name="tell">Told each fault, in the order of the lines.</param>
/// <param name="mostIds">How many ids are held, against which the others are compared.</param>
internal sealed class InputCheck(string endpoint, InputLimits limits, CheckedModels models, Action<LineFault> tell, int mostIds = int.MaxValue)
{
    /// <summary>Characters of a name, at most.</summary>
    private const int MostShown = LineChecker.MaxModelCharacters;

    /// <summary>Names that something is remembered of.</summary>
    private const int MostKept = 1000;

    private readonly LineChecker _checker = new(endpoint, models.Rule) { MostIds = mostIds };
    private readonly List<LineProblem> _problems = [];
    private readonly Scratch _scratch = new();
    private readonly Dictionary<string, LineTokens> _counters = [];
    private readonly Dictionary<string, ModelOfLines> _models = new(StringComparer.Ordinal);
    private int _passed;

    /// <summary>What has been checked so far.</summary>
    public CheckTotals Totals { get; } = new();

    /// <inheritdoc cref="LineChecker.HasComparedIds"/>
    public bool HasComparedIds => _checker.HasComparedIds;

    /// <inheritdoc cref="LineChecker.BytesForNext"/>
    public long BytesForNext => _checker.BytesForNext;

    /// <summary>The endpoint that a line names; null where it names none.</summary>
    public static string? EndpointOf(ReadOnlySpan<byte> line)
    {
        var fields = new LineFields(line);
        return new LineScanner().Scan(line, ref fields) is null && fields.Url.Type == JsonTokenType.String
            ? Encoding.UTF8.GetString(fields.Url.Text(new Scratch()))
            : null;
    }

    /// <summary>Passes lines over that were checked before.</summary>
    public void Pass(int lines) => _passed += lines;

    /// <summary>Remembers a line that was passed over: of those that follow none may have its id.</summary>
    public void Remember(ReadOnlySpan<byte> line) => _checker.Check(line);

    /// <summary>Checks the line that a reader is at.</summary>
    public void Check(LineReader reader)
    {
        Totals.Lines++;
        Totals.Bytes += reader.End - reader.Offset;
        _problems.Clear();
        if (reader.TooLong)
        {
            _problems.Add(LineProblem.TooLong(limits.MaxLineBytes));
        }
        else
        {
            Check(reader.Line.Span);
        }

        Totals.WrongLines += _problems.Count > 0 ? 1 : 0;
        foreach (var problem in _problems)
        {
            Tell(problem, reader.Number);
        }
    }

    /// <summary>Ends the check at the end of the input: says what is wrong with it as a whole.</summary>
    public void End()
    {
        if (limits.ProblemOfLines(_passed + Totals.Lines) is { } problem)
        {
            Tell(problem, null);
        }
    }

    /// <summary>Says what is wrong with the input as a whole before it is read.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <returns>Whether it can be read.</returns>
    public bool Begin(long bytes)
    {
        if (limits.ProblemOfSize(bytes) is { } problem)
        {
            Tell(problem, null);
        }

        return bytes > 0;
    }

    private void Check(ReadOnlySpan<byte> line)
    {
        var isValid = _checker.CheckAll(line, _problems, out var fields);
        if (fields.Url.Type == JsonTokenType.String)
        {
            Totals.AddEndpoint(Shown(fields.Url.Text(_scratch)));
        }

        if (isValid || fields.Model.Type == JsonTokenType.String)
        {
            var model = ModelOf(fields.Model.Type == JsonTokenType.String ? Shown(fields.Model.Text(_scratch)) : "");
            Totals.AddModel(model, isValid ? CounterOf(model.Encoding).Count(line) : null);
        }
    }

    private ModelOfLines ModelOf(string name)
    {
        if (!_models.TryGetValue(name, out var model))
        {
            if (_models.Count == MostKept)
            {
                _models.Clear();
            }

            _models[name] = model = models.Of(name);
        }

        return model;
    }

    private LineTokens CounterOf(TokenEncoding encoding)
    {
        if (!_counters.TryGetValue(encoding.Name, out var counter))
        {
            _counters[encoding.Name] = counter = new LineTokens(encoding);
        }

        return counter;
    }

    private void Tell(LineProblem problem, int? line)
    {
        Totals.Faults++;
        tell(new LineFault(line, problem));
    }

    private static string Shown(ReadOnlySpan<byte> text)
    {
        var shown = Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * MostShown)]);
        return shown.Length <= MostShown ? shown : string.Concat(shown.AsSpan(0, MostShown), "…");
    }
}

/// <summary>Something that is wrong.</summary>
/// <param name="Line">The number of the line, 1-based; null for the input as a whole.</param>
/// <param name="Problem">What is wrong.</param>
internal sealed record LineFault(int? Line, LineProblem Problem);
