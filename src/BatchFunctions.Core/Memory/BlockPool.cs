using System.Collections.Concurrent;

namespace BatchFunctions.Memory;

/// <summary>
/// Blocks of one size that are used again and again. There are as many as were in use at once, since none is thrown away while
/// there is work: what is thrown away becomes garbage, and the process grows by it until the next collection.
/// </summary>
internal static class BlockPool
{
    /// <summary>A block's size, in bytes: as large as it can be without a place of its own on the large object heap.</summary>
    public const int BlockBytes = 64 * 1024;

    private static readonly ConcurrentBag<byte[]> Free = [];

    /// <summary>A block, with anything in it.</summary>
    public static byte[] Rent() => Free.TryTake(out var block) ? block : GC.AllocateUninitializedArray<byte>(BlockBytes);

    /// <summary>Gives a block back; its holder must not touch it any more.</summary>
    public static void Return(byte[] block) => Free.Add(block);

    /// <summary>Throws away all that are not in use.</summary>
    public static void Trim() => Free.Clear();
}
