using System.IO.Hashing;
using BatchFunctions.Configuration;

namespace BatchFunctions.Upstream;

/// <summary>
/// Decides about an attempt, from the reply, the line's history and the upstream's recent record: whose fault it is, whether
/// the line ends, and how long it is kept back. A fault is a line's when other lines go through while it fails, and the
/// upstream's when nothing does; the upstream's faults are charged to no line. The same as a table for people:
/// docs/upstream.md, which a test goes through row by row.
/// </summary>
internal sealed class Verdicts(UpstreamOptions options, UpstreamRecord record, TimeProvider time)
{
    /// <summary>How often a line may break the connection alone before it is to blame.</summary>
    public const int MaxBreaks = 3;

    /// <summary>
    /// How often a line may be refused for the upstream's sake (429, 503, …) while others go through, before it is told from
    /// bad luck: a request that is too much by itself, or that brings down what stands behind a gateway.
    /// </summary>
    public const int MaxAlone = 40;

    /// <summary>How long everybody must have been refused in the same words until it is taken for the lines' own fault.</summary>
    public static readonly TimeSpan SameWordsFor = TimeSpan.FromSeconds(30);

    /// <summary>How much longer than asked for a line waits at most: lines refused together would else come back together.</summary>
    private const double Spread = 0.25;

    /// <summary>Whose fault a status is, on the face of it.</summary>
    public static Blame BlameOf(int status) => status switch
    {
        >= 200 and <= 299 => Blame.None,
        >= 300 and <= 399 => Blame.Doubtful,        // a redirect: the address is wrong, for one line or for all
        401 or 403 => Blame.Doubtful,               // a key that is wrong, or a line that is not allowed
        408 or 429 => Blame.Upstream,               // too slow, too many
        >= 400 and <= 499 => Blame.Line,            // 400, 404, 409, 413, 422, …
        500 => Blame.Doubtful,                      // an upstream that is broken, or a line that breaks it
        501 => Blame.Line,                          // what it does not do, it will not do the next time
        _ => Blame.Upstream,                        // 502, 503, 504, 529, …: overloaded, loading, restarting
    };

    /// <summary>Decides, and brings the line's history and the record up to date.</summary>
    public Verdict Judge(LineHistory line, Reply reply)
    {
        var verdict = reply switch
        {
            Reply.Answer answer => JudgeAnswer(line, answer),
            Reply.TooLarge => Verdict.Final(Blame.Line),
            Reply.TimedOut or Reply.Garbled => Charge(line, sameWords: false, asked: null),
            Reply.Broken => JudgeBreak(line),
            _ => Verdict.Again(Blame.Upstream, TimeSpan.Zero),
        };
        Note(line, reply, verdict);
        return verdict;
    }

    private Verdict JudgeAnswer(LineHistory line, Reply.Answer answer)
    {
        var words = XxHash3.HashToUInt64(answer.Body.Json) ^ (ulong)answer.StatusCode;
        var isSame = line.Last is not null && line.LastWords == words;
        line.LastWords = words;
        return BlameOf(answer.StatusCode) switch
        {
            Blame.None when answer.Body.NotJson => Charge(line, sameWords: false, answer.RetryAfter),
            Blame.None => Verdict.Final(Blame.None),
            Blame.Line => Verdict.Final(Blame.Line),
            Blame.Doubtful when OthersPass(line) => Charge(line, isSame, answer.RetryAfter),
            Blame.Doubtful when answer is { StatusCode: 500, Body.NotJson: false } && IsLasting(line, isSame) =>
                Charge(line, isSame, answer.RetryAfter),
            _ when OthersPass(line) && ++line.Alone >= MaxAlone => Verdict.Final(Blame.Doubtful),
            _ => Verdict.Again(Blame.Upstream, WaitOf(line, answer.RetryAfter)),
        };
    }

    /// <summary>Whether a line went through since this one was last refused, or else since it was sent.</summary>
    private bool OthersPass(LineHistory line) => record.Through > line.ThroughBefore;

    /// <summary>
    /// Whether nobody gets through, and yet it looks like the lines' fault: an upstream that explains itself, and has never
    /// let a line through, or says the same for long enough.
    /// </summary>
    private bool IsLasting(LineHistory line, bool isSame) =>
        record.Through == 0 || (isSame && time.GetUtcNow() - line.RefusedSince >= SameWordsFor);

    /// <summary>A doubtful attempt is charged. The line ends with its last one, or when it is answered the same words again.</summary>
    private Verdict Charge(LineHistory line, bool sameWords, TimeSpan? asked)
    {
        line.Attempts++;
        return line.Attempts >= options.MaxAttempts || sameWords
            ? Verdict.Final(Blame.Doubtful)
            : Verdict.Again(Blame.Doubtful, WaitOf(line, asked));
    }

    /// <summary>
    /// Who was in flight when connections broke is a suspect, and goes again with fewer beside it, in the end alone, and then
    /// only to an upstream that was seen to be alive just before. It is to blame when it breaks the connection so, again and
    /// again.
    /// </summary>
    private static Verdict JudgeBreak(LineHistory line)
    {
        if (line.Suspicion >= UpstreamGate.Alone)
        {
            line.Breaks++;
            if (line.Breaks >= MaxBreaks)
            {
                return Verdict.Final(Blame.Line);
            }
        }

        line.Suspicion = Math.Min(line.Suspicion + 1, UpstreamGate.Alone);
        return Verdict.Again(Blame.Upstream, TimeSpan.Zero);
    }

    private void Note(LineHistory line, Reply reply, Verdict verdict)
    {
        // A final verdict is an upstream that works, or else a line that is told from others by their going through.
        if (verdict.Blame is Blame.None || (verdict is { Blame: Blame.Line, IsFinal: true } && reply is Reply.Answer))
        {
            record.Passed();
        }
        else if (verdict.Blame == Blame.Upstream)
        {
            record.Failed();
        }

        if (verdict.IsFinal)
        {
            return;
        }

        line.Refusals++;
        line.RefusedSince ??= time.GetUtcNow();
        line.ThroughBefore = record.Through;
        line.Last = reply.Said;
    }

    private TimeSpan WaitOf(LineHistory line, TimeSpan? asked)
    {
        // Doubling from one refusal to the next, as far as a running chunk sits through.
        var own = Math.Min(
            options.RetryDelay.TotalSeconds * Math.Pow(2, Math.Min(line.Refusals, 20)), options.LongestWait.TotalSeconds);
        var jittered = own * (0.75 + (0.5 * Random.Shared.NextDouble()));
        return asked is { } wait
            ? wait * (1 + (Spread * Random.Shared.NextDouble()))
            : TimeSpan.FromSeconds(Math.Min(jittered, options.LongestWait.TotalSeconds));
    }
}
