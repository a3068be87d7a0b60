using BatchFunctions.Configuration;

namespace BatchFunctions.Upstream;

/// <summary>
/// Decides about an attempt, from the reply, the line's history and the upstream's recent record: whose fault it is, whether
/// the line ends, and how long it is kept back. A fault is a line's when other lines go through while it fails, and the
/// upstream's when nothing does; the upstream's faults are charged to no line. The same as a table for people:
/// docs/upstream.md, which a test goes through row by row.
/// </summary>
internal sealed class Verdicts(UpstreamOptions options, UpstreamRecord record, TimeProvider time, Random? random = null)
{
    /// <summary>
    /// How often a connection may break under a line before it is to blame, while others go through: once by chance, once in
    /// small company, and three times alone beyond the one that leads to that.
    /// </summary>
    public const int MaxBreaks = 6;

    /// <summary>The same where no others go through: it may be the last line of its batch, and it may be an upstream that breaks all.</summary>
    public const int MaxBreaksWithoutOthers = 18;

    /// <summary>
    /// How often a line may be refused for the upstream's sake (429, 503, …) while others go through, before it is told from
    /// bad luck: a request that is too much by itself, or that brings down what stands behind a gateway.
    /// </summary>
    public const int MaxAlone = 40;

    /// <summary>
    /// How long a line must have been told the same, since others went through while it was, until its batch waits no longer for it
    /// where few are left. Most upstreams that went away just then are back by that time.
    /// </summary>
    public static readonly TimeSpan LeftOverFor = TimeSpan.FromMinutes(30);

    /// <summary>And how often: one that asks for an hour is given the hour.</summary>
    public const int LeftOverTold = 10;

    /// <summary>How long the same words must have been said, where nobody goes through, until they are taken for the line's own fault.</summary>
    public static readonly TimeSpan SameWordsFor = TimeSpan.FromSeconds(30);

    /// <summary>How long the same must have been explained to everybody, by an upstream that has answered this process with no success yet.</summary>
    public static readonly TimeSpan ExplainedAtFirst = TimeSpan.FromMinutes(5);

    /// <summary>The same where it has.</summary>
    public static readonly TimeSpan ExplainedLater = TimeSpan.FromMinutes(30);

    /// <summary>A gateway that says that it waited in vain (408, 504, 524) after this long has cut off what may have been working.</summary>
    public static readonly TimeSpan GatewayTimeOut = TimeSpan.FromSeconds(10);

    /// <summary>How much longer than asked for a line waits at most: lines refused together would else come back together.</summary>
    private const double Spread = 0.25;

    private readonly Random _random = random ?? Random.Shared;

    /// <summary>Whose fault a status is, on the face of it.</summary>
    public static Blame BlameOf(int status) => status switch
    {
        >= 200 and <= 299 => Blame.None,
        >= 300 and <= 399 => Blame.Doubtful,        // a redirect: the address is wrong, for one line or for all
        401 or 403 => Blame.Doubtful,               // a key that is wrong, or a line that is not allowed
        408 or 425 or 429 or 498 or 499 => Blame.Upstream, // too slow, too early, too many; 498 is Groq's for no capacity
        400 or 402 or (>= 404 and <= 406) or (>= 409 and <= 417) or 422 or 431 or 451 => Blame.Line,
        >= 400 and <= 499 => Blame.Doubtful,        // 424, which TGI and TEI answer when what stands behind them fails, and what nobody knows
        500 => Blame.Doubtful,                      // an upstream that is broken, or a line that breaks it
        501 => Blame.Line,                          // what it does not do, it will not do the next time
        _ => Blame.Upstream,                        // 502, 503, 504, 529, …: overloaded, loading, restarting
    };

    /// <summary>Whether an upstream that works has answered, be it with something that cannot be kept.</summary>
    public static bool IsSuccess(Reply reply) =>
        reply is Reply.Answer { StatusCode: >= 200 and <= 299 } or Reply.Garbled { StatusCode: >= 200 and <= 299 };

    /// <summary>Whether a line went through: an upstream that works has answered it for good.</summary>
    public static bool WentThrough(Verdict verdict, Reply reply) =>
        verdict.Blame == Blame.None || (verdict.Blame == Blame.Line && reply is Reply.Answer);

    /// <summary>Decides, and brings the line's history and the record up to date.</summary>
    /// <param name="line">The line.</param>
    /// <param name="reply">What its attempt came to.</param>
    /// <param name="took">How long the attempt took.</param>
    public Verdict Judge(LineHistory line, Reply reply, TimeSpan took)
    {
        line.OthersPassed |= line.Breaks > 0 && OthersPass(line);
        var verdict = reply switch
        {
            Reply.Answer { StatusCode: 408 or 504 or 524 } when took >= GatewayTimeOut => JudgeTimeOut(line, reply, took),
            Reply.Answer answer => JudgeAnswer(line, answer),
            Reply.TooLarge => Verdict.Final(Blame.Line),
            Reply.Garbled => Charge(line, words: null, asked: null),
            Reply.TimedOut => JudgeTimeOut(line, reply, options.Timeout),
            Reply.Broken => JudgeBreak(line),
            _ => Verdict.Again(Blame.Upstream, TimeSpan.Zero),
        };
        Note(line, reply, verdict, took);
        return verdict;
    }

    private Verdict JudgeAnswer(LineHistory line, Reply.Answer answer)
    {
        var blame = BlameOf(answer.StatusCode);
        if (blame == Blame.Line || (blame == Blame.None && !answer.Body.NotJson))
        {
            return Verdict.Final(blame);
        }

        var words = answer.Body.Hash ^ (ulong)answer.StatusCode;
        if (line.LastWords != words)
        {
            line.LastWords = words;
            line.ToldSince = time.GetUtcNow();
        }

        return blame switch
        {
            Blame.None => Charge(line, words: null, answer.RetryAfter),
            Blame.Doubtful when IsExplained(answer, words) => Verdict.Final(Blame.Line),
            Blame.Doubtful when OthersPass(line) && !IsToldAlready(line, answer) => Charge(line, words, answer.RetryAfter),
            Blame.Doubtful when IsLasting(line, answer) => Verdict.Final(Blame.Doubtful),
            _ when WaitsInVain(line, answer) => Verdict.Final(Blame.Doubtful),
            _ => Verdict.Again(Blame.Upstream, WaitOf(line, answer.RetryAfter)),
        };
    }

    /// <summary>
    /// Whether a line went through that was sent after this one; or, from the second refusal on, that was sent when the first was known, since
    /// lines overtake each other on their way to an upstream that changes its mind at one moment about all of them. Where few are refused one that
    /// was sent after the attempt which was refused before will do: at a batch's end there may be no more to send.
    /// </summary>
    private bool OthersPass(LineHistory line) => line.RefusedNumber is { } refused
        ? record.LastThrough > (record.AreFew ? refused : line.SentWhenRefused)
        : record.LastThrough > line.Number;

    /// <summary>
    /// Whether nobody has gone through since the line was last charged, and it is about the key (401): a line that was overtaken on its way when
    /// a key was revoked is charged for that once.
    /// </summary>
    private bool IsToldAlready(LineHistory line, Reply.Answer answer) => answer.StatusCode == 401 && record.LastThrough <= line.ChargedBy;

    /// <summary>
    /// Whether nobody gets through, and yet it looks like the line's fault: the few that are left have been told the same for long enough
    /// (but for 401, which is about the key).
    /// </summary>
    private bool IsLasting(LineHistory line, Reply.Answer answer) =>
        record.Through > 0 && answer.StatusCode != 401 && record.AreFew && time.GetUtcNow() - line.ToldSince >= SameWordsFor;

    /// <summary>
    /// Whether the upstream explains itself, and has said the same to everybody for so long that it would to each line: a model without
    /// vision, and a batch of images. A server that loads its model, or is restarted, explains itself likewise in the meantime.
    /// </summary>
    private bool IsExplained(Reply.Answer answer, ulong words) => answer is { StatusCode: 500, Body.NotJson: false }
        && record.Explained(words, time.GetUtcNow()) >= (record.HasSucceeded ? ExplainedLater : ExplainedAtFirst);

    /// <summary>
    /// Whether a line waits in vain that is put off for the upstream's sake: it was so too often for bad luck while others went through;
    /// or it is left with few to be compared with, and told what it was told when others went through, for so long that its batch
    /// would wait for it until the deadline. A request that is larger than all that a provider gives in a minute looks so.
    /// </summary>
    private bool WaitsInVain(LineHistory line, Reply reply)
    {
        // The first attempt of a run is compared with the last one of the run before, of which only the time is known.
        var othersPass = OthersPass(line) || (line.RefusedNumber is null && record.LastThroughSent > line.PutOffAt);
        line.PutOff(reply.Said, othersPass, time.GetUtcNow());
        return line.RefusedAlone >= MaxAlone
            || (line.ToldAlike >= LeftOverTold && record.AreFew && time.GetUtcNow() - line.AloneSince >= LeftOverFor);
    }

    /// <summary>A doubtful attempt is charged. The line ends with its last one, or when it is charged for the same words again.</summary>
    private Verdict Charge(LineHistory line, ulong? words, TimeSpan? asked)
    {
        var sameWords = words is not null && line.ChargedWords == words;
        (line.ChargedWords, line.ChargedBy) = (words, record.LastThrough);
        line.Attempts++;
        return line.Attempts >= options.MaxAttempts || sameWords
            ? Verdict.Final(Blame.Doubtful)
            : Verdict.Again(Blame.Doubtful, WaitOf(line, asked));
    }

    /// <summary>
    /// Time in the upstream's own queue is not the line's fault: where others come back slowly or not at all, too much was sent,
    /// and the next attempt waits for less in flight. It is the line's where others come back soon, or where it was alone.
    /// </summary>
    private Verdict JudgeTimeOut(LineHistory line, Reply reply, TimeSpan limit)
    {
        var othersAreFast = OthersPass(line) && record.Slowest < limit / 2;
        var verdict = othersAreFast || line.InFlight <= 1 || WaitsInVain(line, reply)
            ? Charge(line, words: null, (reply as Reply.Answer)?.RetryAfter)
            : Verdict.Again(Blame.Upstream, TimeSpan.Zero);
        return verdict with { IsTimeOut = true };
    }

    /// <summary>
    /// Who was in flight when connections broke is a suspect: from the second time on it goes with few beside it, in the end
    /// alone, and then only to an upstream that was seen to be alive just before.
    /// </summary>
    private Verdict JudgeBreak(LineHistory line)
    {
        // An upstream that others went through to since it last broke one, be it in another run of this line's chunk.
        line.OthersPassed |= line.Breaks > 0 && record.HasRecovered;
        record.Broken(line.Number);
        line.Breaks++;
        var most = line.OthersPassed ? MaxBreaks : MaxBreaksWithoutOthers;
        return line.Breaks >= most ? Verdict.Final(Blame.Line) : Verdict.Again(Blame.Upstream, TimeSpan.Zero);
    }

    private void Note(LineHistory line, Reply reply, Verdict verdict, TimeSpan took)
    {
        if (verdict.Blame == Blame.None)
        {
            record.Succeeded();
        }

        if (WentThrough(verdict, reply))
        {
            record.Passed(line.Number, took, time.GetUtcNow());
        }
        else if (IsSuccess(reply))
        {
            record.Answered();
        }
        else if (verdict.Blame == Blame.Upstream)
        {
            record.Failed(line.Key);
        }

        if (verdict.IsFinal)
        {
            return;
        }

        line.Refusals++;
        line.RefusedNumber = line.Number;
        line.SentWhenRefused = line.Sent;
        line.Last = reply.Said;
    }

    private TimeSpan WaitOf(LineHistory line, TimeSpan? asked)
    {
        // Doubling from one refusal to the next, as far as a running chunk sits through.
        var own = Math.Min(
            options.RetryDelay.TotalSeconds * Math.Pow(2, Math.Min(line.Refusals, 20)), options.LongestWait.TotalSeconds);
        var jittered = own * (0.75 + (0.5 * _random.NextDouble()));
        return asked is { } wait
            ? wait * (1 + (Spread * _random.NextDouble()))
            : TimeSpan.FromSeconds(Math.Min(jittered, options.LongestWait.TotalSeconds));
    }
}
