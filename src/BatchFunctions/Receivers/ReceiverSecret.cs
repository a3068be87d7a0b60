using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace BatchFunctions.Receivers;

/// <summary>
/// A secret that events are signed with, as Standard Webhooks writes it: <c>whsec_</c> and the base64 of 24 to 64 bytes.
/// </summary>
internal static class ReceiverSecret
{
    private const string Prefix = "whsec_";
    private const int LeastBytes = 24;
    private const int MostBytes = 64;
    private const int UsualBytes = 32;

    /// <summary>What a secret looks like, for an error message.</summary>
    public const string Form = "'whsec_' followed by the base64 of 24 to 64 bytes";

    /// <summary>A new secret.</summary>
    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(UsualBytes));

    /// <summary>The bytes of a secret.</summary>
    public static bool TryRead([NotNullWhen(true)] string? secret, out byte[] bytes)
    {
        bytes = [];
        if (secret is null || !secret.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        Span<byte> buffer = stackalloc byte[MostBytes];
        if (!Convert.TryFromBase64String(secret[Prefix.Length..], buffer, out var length) || length < LeastBytes)
        {
            return false;
        }

        bytes = buffer[..length].ToArray();
        return true;
    }
}
