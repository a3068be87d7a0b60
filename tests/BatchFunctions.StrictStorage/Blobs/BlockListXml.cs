using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Blobs;

/// <summary>Block lists as they are sent and answered.</summary>
internal static class BlockListXml
{
    /// <exception cref="StorageException">It is no block list.</exception>
    public static List<(BlockSource Source, string Id)> Read(byte[] body)
    {
        try
        {
            using var content = new MemoryStream(body);
            return [.. XElement.Load(content).Elements().Select(element => (Enum.Parse<BlockSource>(element.Name.LocalName), element.Value))];
        }
        catch (Exception e) when (e is XmlException or ArgumentException)
        {
            throw StorageException.InvalidXml();
        }
    }

    /// <param name="committed">Null where they were not asked for.</param>
    /// <param name="uncommitted">Null where they were not asked for.</param>
    public static byte[] Write(IEnumerable<Block>? committed, IEnumerable<Block>? uncommitted) => Encoding.UTF8.GetBytes(
        new XElement("BlockList", ListOf("CommittedBlocks", committed), ListOf("UncommittedBlocks", uncommitted))
            .ToString(SaveOptions.DisableFormatting));

    private static XElement? ListOf(string name, IEnumerable<Block>? blocks) => blocks is null ? null : new XElement(
        name,
        blocks.Where(block => block.Id is not null).Select(block => new XElement(
            "Block",
            new XElement("Name", block.Id),
            new XElement("Size", block.Content.Length.ToString(CultureInfo.InvariantCulture)))));
}
