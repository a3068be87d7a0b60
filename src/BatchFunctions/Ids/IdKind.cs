using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.Ids;

/// <summary>
/// A kind of id: a prefix and 32 lower-case hex digits, 12 of Unix milliseconds and 20 random. The table's row key is
/// those digits, each replaced by its complement (<c>f - d</c>), so that ascending row keys are newest first. Each can
/// be computed from the other, so a cursor needs no look-up.
/// </summary>
internal sealed class IdKind(string prefix)
{
    private const int Digits = 32;
    private const int TimeDigits = 12;

    /// <summary>The latest time that an id can have: the last millisecond of the year 9999, beyond which there are none.</summary>
    private static readonly string LatestTime =
        string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.MaxValue.ToUnixTimeMilliseconds():x12}");

    public static readonly IdKind Batch = new("batch_");
    public static readonly IdKind File = new("file-");
    public static readonly IdKind Upload = new("upload_");
    public static readonly IdKind Webhook = new("webhook_");
    public static readonly IdKind Delivery = new("delivery_");
    public static readonly IdKind Event = new("evt_");

    public string Prefix { get; } = prefix;

    /// <summary>What an id of this kind looks like, for an error message.</summary>
    public string Form { get; } = $"'{prefix}' followed by {Digits} lower-case hex digits";

    public string New(DateTimeOffset now)
    {
        Span<byte> random = stackalloc byte[(Digits - TimeDigits) / 2];
        RandomNumberGenerator.Fill(random);
        var milliseconds = now.ToUnixTimeMilliseconds();
        return string.Create(
            CultureInfo.InvariantCulture, $"{Prefix}{milliseconds:x12}{Convert.ToHexStringLower(random)}");
    }

    /// <summary>
    /// The id of what there can be only one of: whoever makes it, however often, makes the same.
    /// </summary>
    /// <param name="at">When it counts as made.</param>
    /// <param name="name">What it is, by a name that nothing else has.</param>
    public string Of(DateTimeOffset at, string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Prefix}{at.ToUnixTimeMilliseconds():x12}{Convert.ToHexStringLower(hash[..((Digits - TimeDigits) / 2)])}");
    }

    /// <summary>Whether a text is an id of this kind: then it has a row key and a time.</summary>
    public bool IsValid([NotNullWhen(true)] string? id)
    {
        if (id is null || id.Length != Prefix.Length + Digits || !id.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var c in id.AsSpan(Prefix.Length))
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return id.AsSpan(Prefix.Length, TimeDigits).SequenceCompareTo(LatestTime) <= 0;
    }

    public string RowKeyOf(string id) => Complement(id.AsSpan(Prefix.Length), "");

    public string IdOf(string rowKey) => Complement(rowKey, Prefix);

    /// <summary>The last row key of what was made at the given time or later: the row keys up to it are all of those.</summary>
    public string LastRowKeySince(DateTimeOffset time) =>
        RowKeyOf(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{time.ToUnixTimeMilliseconds():x12}{0:x20}"));

    /// <summary>
    /// The creation time in the id, to the millisecond: list order and <c>created_at</c> cannot disagree.
    /// </summary>
    public DateTimeOffset CreatedAt(string id) => DateTimeOffset.FromUnixTimeMilliseconds(
        long.Parse(id.AsSpan(Prefix.Length, TimeDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static string Complement(ReadOnlySpan<char> digits, string prefix)
    {
        Span<char> text = stackalloc char[prefix.Length + Digits];
        prefix.CopyTo(text);
        for (var i = 0; i < Digits; i++)
        {
            var d = digits[i];
            var value = d <= '9' ? d - '0' : d - 'a' + 10;
            text[prefix.Length + i] = "fedcba9876543210"[value];
        }

        return new string(text);
    }
}
