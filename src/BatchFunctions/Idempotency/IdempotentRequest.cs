using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.Idempotency;

/// <summary>A request that its caller has given a key, so that sending it again makes nothing more.</summary>
/// <param name="Tenant">Whose key it is.</param>
/// <param name="Operation">What is made: a key stands for one thing of each kind.</param>
/// <param name="Key">The caller's key.</param>
/// <param name="Digest">What is asked for, as <see cref="DigestOf"/> makes it.</param>
internal sealed record IdempotentRequest(string Tenant, string Operation, string Key, string Digest)
{
    /// <summary>A digest of values, in their order; null differs from an empty text.</summary>
    public static string DigestOf(params IEnumerable<string?> values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var value in values)
        {
            var bytes = Encoding.UTF8.GetBytes(value ?? "");
            BinaryPrimitives.WriteInt32LittleEndian(length, value is null ? -1 : bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A key was used before, for something else.</summary>
internal sealed class KeyReusedException() : Exception("The idempotency key was used for another request.");
