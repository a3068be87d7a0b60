using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;

namespace BatchFunctions.Keys;

/// <summary>
/// What keys look like: <c>sk-</c>, 48 random characters, and 6 more that are a checksum of the rest, by which a text
/// that was never a key is told without storage. Keys of before have no checksum, and are told by their length.
/// </summary>
internal static class KeyForm
{
    private const string Prefix = "sk-";
    private const int RandomCharacters = 48;

    /// <summary>Enough for 32 bits in base 62.</summary>
    private const int ChecksumCharacters = 6;

    private const int OldLength = 3 + RandomCharacters;
    private const string Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create(Characters);

    /// <summary>A new key.</summary>
    public static string New()
    {
        var rest = Prefix + RandomNumberGenerator.GetString(Characters, RandomCharacters);
        return rest + ChecksumOf(rest);
    }

    /// <summary>Whether a text has a key's form and the checksum that goes with it.</summary>
    public static bool HasChecksum(ReadOnlySpan<char> text) =>
        text.Length == OldLength + ChecksumCharacters
        && IsOld(text[..OldLength])
        && text[OldLength..].SequenceEqual(ChecksumOf(text[..OldLength]));

    /// <summary>Whether a text has the form of a key without a checksum, as they were made before.</summary>
    public static bool IsOld(ReadOnlySpan<char> text) =>
        text.Length == OldLength
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && text[Prefix.Length..].IndexOfAnyExcept(KeyCharacters) < 0;

    /// <summary>CRC-32C in base 62. It guards against accidents and guesses at random, and is no secret.</summary>
    private static string ChecksumOf(ReadOnlySpan<char> text)
    {
        var crc = uint.MaxValue;
        foreach (var character in text)
        {
            crc = BitOperations.Crc32C(crc, (byte)character);
        }

        return string.Create(ChecksumCharacters, ~crc, static (digits, value) =>
        {
            for (var i = digits.Length - 1; i >= 0; i--)
            {
                digits[i] = Characters[(int)(value % (uint)Characters.Length)];
                value /= (uint)Characters.Length;
            }
        });
    }
}
