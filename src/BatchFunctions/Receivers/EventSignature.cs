using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.Receivers;

/// <summary>
/// The signature of an event, by version 1 of <see href="https://www.standardwebhooks.com/">Standard Webhooks</see>: HMAC-SHA256 over id, time and
/// body. Several secrets make several signatures, one of which a receiver must know.
/// </summary>
internal static class EventSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimeHeader = "webhook-timestamp";
    public const string Header = "webhook-signature";

    /// <summary>The value of <see cref="Header"/>.</summary>
    /// <param name="secrets">The secrets.</param>
    /// <param name="id">The value of <see cref="IdHeader"/>.</param>
    /// <param name="time">The value of <see cref="TimeHeader"/>, in Unix seconds.</param>
    /// <param name="body">The body, byte for byte.</param>
    public static string Of(IEnumerable<string> secrets, string id, long time, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{time}."));
        byte[] signed = [.. head, .. body];
        return string.Join(' ', secrets.Select(secret => ReceiverSecret.TryRead(secret, out var key)
            ? "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed))
            : throw new InvalidOperationException("A stored secret is not one.")));
    }
}
