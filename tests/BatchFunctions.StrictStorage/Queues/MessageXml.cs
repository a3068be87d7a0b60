using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Queues;

/// <summary>Messages as they are sent and answered (https://learn.microsoft.com/rest/api/storageservices/get-messages).</summary>
internal static class MessageXml
{
    /// <summary>The most bytes of a message's text, in UTF-8.</summary>
    private const int MostBytes = 64 * 1024;

    /// <summary>The text of a message that is put or updated.</summary>
    /// <exception cref="StorageException">It is no message, or too large.</exception>
    public static string Read(byte[] body)
    {
        XElement message;
        try
        {
            using var content = new MemoryStream(body);
            message = XElement.Load(content, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            throw StorageException.InvalidXml();
        }

        var text = message.Name == "QueueMessage" && message.Element("MessageText") is { } element ? element.Value : throw StorageException.InvalidXml();
        return Encoding.UTF8.GetByteCount(text) <= MostBytes
            ? text
            : throw new StorageException(400, "MessageTooLarge", "The message exceeds the maximum allowed size.");
    }

    /// <summary>What is answered to a message that was put: without its text and count.</summary>
    public static byte[] WritePut(Message message) => Write([message], hasReceipt: true, hasText: false);

    /// <summary>Messages that were handed out.</summary>
    public static byte[] WriteTaken(IEnumerable<Message> messages) => Write(messages, hasReceipt: true, hasText: true);

    /// <summary>Messages that were only looked at: without receipts.</summary>
    public static byte[] WritePeeked(IEnumerable<Message> messages) => Write(messages, hasReceipt: false, hasText: true);

    private static byte[] Write(IEnumerable<Message> messages, bool hasReceipt, bool hasText) => Encoding.UTF8.GetBytes(
        new XElement("QueueMessagesList", messages.Select(message => new XElement(
            "QueueMessage",
            new XElement("MessageId", message.Id),
            new XElement("InsertionTime", StorageResponse.DateOf(message.InsertedAt)),
            new XElement("ExpirationTime", StorageResponse.DateOf(message.ExpiresAt)),
            hasReceipt ? new XElement("PopReceipt", message.Receipt) : null,
            hasReceipt ? new XElement("TimeNextVisible", StorageResponse.DateOf(message.VisibleAt)) : null,
            hasText ? new XElement("DequeueCount", message.DequeueCount.ToString(CultureInfo.InvariantCulture)) : null,
            hasText ? new XElement("MessageText", message.Text) : null))).ToString(SaveOptions.DisableFormatting));
}
