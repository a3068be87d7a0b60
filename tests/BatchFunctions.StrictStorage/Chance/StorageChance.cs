using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Chance;

/// <summary>
/// What the documentation leaves open, and what may go wrong: this one leaves nothing to chance. Every page is full, messages
/// come in the order in which they became visible, no request is lost. Derive from it to decide otherwise. It is asked by one
/// request at a time but for <see cref="FateOf"/>.
/// </summary>
public class StorageChance
{
    /// <summary>Nothing happens by chance.</summary>
    public static StorageChance None { get; } = new();

    /// <summary>What becomes of a request.</summary>
    /// <param name="request">The request, as it was sent.</param>
    public virtual StorageFate FateOf(StorageRequest request) => default;

    /// <summary>
    /// How many rows of a table a query looks at before it answers with what it has found, and a token if there are more rows: a
    /// page may be short or empty
    /// (https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination).
    /// </summary>
    /// <param name="rows">Rows that there are to look at.</param>
    public virtual int RowsPerPage(int rows) => rows;

    /// <summary>Which of the visible messages is handed out next, by its place: a queue promises no order.</summary>
    /// <param name="visible">How many there are; at least one.</param>
    public virtual int NextMessage(int visible) => 0;

    /// <summary>
    /// Whether a message that is handed out becomes visible to others at once, as if it had been handed out twice: queues deliver
    /// at least once.
    /// </summary>
    public virtual bool IsDeliveredTwice() => false;

    /// <summary>
    /// How many messages a queue says that it has: the number is approximate, and not lower than the actual one
    /// (https://learn.microsoft.com/rest/api/storageservices/get-queue-metadata).
    /// </summary>
    /// <param name="messages">How many there are.</param>
    public virtual int ApproximateCount(int messages) => messages;

    /// <summary>
    /// Whether a pop receipt that is no longer valid, of a message that is still there, is answered with 400
    /// <c>PopReceiptMismatch</c> rather than 404 <c>MessageNotFound</c>: the documentation knows both.
    /// </summary>
    public virtual bool SaysMismatch() => false;
}
