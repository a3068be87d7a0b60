using System.Globalization;
using BatchFunctions.Files;

namespace BatchFunctions.Batches;

/// <summary>
/// How many lines failed how: by the status of their answers, or by the code where there was none. There are a few kinds at most, so
/// that it fits into every row: what is beyond them is <see cref="Other"/>.
/// </summary>
internal sealed class FailureKinds : IEquatable<FailureKinds>
{
    /// <summary>The most kinds that are told apart.</summary>
    public const int Most = 16;

    /// <summary>What stands for the rest.</summary>
    public const string Other = "other";

    /// <summary>
    /// Codes by their numbers, which are stored and stay what they are; a status is its own number. A number that is not known here is
    /// of a newer version.
    /// </summary>
    private static readonly string[] Codes =
        [Other, "request_timeout", "invalid_response", "upstream_unreachable", "response_too_large", "model_not_found", BatchFailures.Internal];

    private const int FirstStatus = 100;

    private readonly SortedDictionary<int, long> _counts;

    private FailureKinds(SortedDictionary<int, long> counts) => _counts = counts;

    /// <summary>No failures.</summary>
    public static FailureKinds None { get; } = new([]);

    /// <summary>The failures that are counted here.</summary>
    public long Total => _counts.Values.Sum();

    /// <summary>The kinds with their counts, the most frequent first.</summary>
    public IEnumerable<(string Kind, long Count)> All =>
        _counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Select(pair => (NameOf(pair.Key), pair.Value));

    /// <summary>All failures of two together.</summary>
    public static FailureKinds operator +(FailureKinds left, FailureKinds right)
    {
        if (right._counts.Count == 0 || left._counts.Count == 0)
        {
            return left._counts.Count == 0 ? right : left;
        }

        var counts = new SortedDictionary<int, long>(left._counts);
        foreach (var (kind, count) in right._counts)
        {
            Add(counts, kind, count);
        }

        return new FailureKinds(counts);
    }

    /// <summary>These, and a line that was answered with a status that is no success.</summary>
    public FailureKinds WithStatus(int status) => With(status is >= FirstStatus and < 1000 ? status : 0, 1);

    /// <summary>These, and a line that ended with a code.</summary>
    public FailureKinds WithCode(string code) => With(Math.Max(0, Array.IndexOf(Codes, code)), 1);

    /// <summary>These, filled up to a sum with those of which nobody has noted the kind, as an older version does not.</summary>
    public FailureKinds FilledUpTo(long failed) => failed > Total ? With(0, failed - Total) : this;

    public byte[]? ToBytes()
    {
        if (_counts.Count == 0)
        {
            return null;
        }

        var packed = new PackedNumbers();
        AddTo(packed);
        return packed.ToBytes();
    }

    /// <summary>Writes them behind other numbers.</summary>
    public void AddTo(PackedNumbers packed)
    {
        foreach (var (kind, count) in _counts)
        {
            packed.Add(kind);
            packed.Add(count);
        }
    }

    public static FailureKinds FromBytes(byte[]? bytes)
    {
        var rest = new PackedNumbers.Reader(bytes);
        return Read(ref rest);
    }

    /// <summary>Reads what is left: nothing, where an older version wrote it.</summary>
    public static FailureKinds Read(ref PackedNumbers.Reader rest)
    {
        if (rest.IsAtEnd)
        {
            return None;
        }

        var counts = new SortedDictionary<int, long>();
        while (!rest.IsAtEnd)
        {
            Add(counts, rest.NextInt(), rest.Next());
        }

        return new FailureKinds(counts);
    }

    public bool Equals(FailureKinds? other) => other is not null && _counts.SequenceEqual(other._counts);

    public override bool Equals(object? obj) => Equals(obj as FailureKinds);

    public override int GetHashCode() => HashCode.Combine(_counts.Count, Total);

    private FailureKinds With(int kind, long count)
    {
        var counts = new SortedDictionary<int, long>(_counts);
        Add(counts, kind, count);
        return new FailureKinds(counts);
    }

    private static void Add(SortedDictionary<int, long> counts, int kind, long count)
    {
        var known = counts.ContainsKey(kind) || counts.Count < Most || kind == 0 ? kind : 0;
        counts[known] = counts.GetValueOrDefault(known) + count;
    }

    private static string NameOf(int kind) =>
        kind >= FirstStatus ? kind.ToString(CultureInfo.InvariantCulture)
        : kind < Codes.Length ? Codes[kind]
        : Other;
}
