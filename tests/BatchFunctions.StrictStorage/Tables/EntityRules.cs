using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// What a table, an entity and a property may be: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
/// </summary>
internal static partial class EntityRules
{
    /// <summary>Properties beside the two keys and the timestamp.</summary>
    public const int MostProperties = 252;

    private const int LongestName = 255;
    private const int MostKeyBytes = 1024;
    private const int MostPropertyBytes = 64 * 1024;
    private const int MostEntityBytes = 1024 * 1024;
    private const int CharBytes = sizeof(char);

    private static readonly DateTimeOffset EarliestTime = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void CheckTableName(string name)
    {
        if (!TableName().IsMatch(name) || name.Equals("tables", StringComparison.OrdinalIgnoreCase))
        {
            throw new StorageException(400, "InvalidResourceName", $"The specified resource name contains invalid characters: {name}");
        }
    }

    public static void CheckKey(EntityKey key)
    {
        CheckKey(Entity.PartitionKey, key.Partition);
        CheckKey(Entity.RowKey, key.Row);
    }

    /// <summary>Checks what is about to be stored; of a merge, what comes of it.</summary>
    public static void Check(EntityKey key, IReadOnlyDictionary<string, object> properties)
    {
        CheckKey(key);
        if (properties.Count > MostProperties)
        {
            throw new StorageException(400, "TooManyProperties", $"The entity contains more properties than allowed: {properties.Count}.");
        }

        var size = 4 + SizeOf(key.Partition) + SizeOf(key.Row);
        foreach (var (name, value) in properties)
        {
            CheckProperty(name, value);
            size += 8 + (name.Length * CharBytes) + SizeOf(value);
        }

        if (size > MostEntityBytes)
        {
            throw new StorageException(400, "EntityTooLarge", $"The entity is larger than the maximum size permitted: {size} bytes.");
        }
    }

    private static void CheckProperty(string name, object value)
    {
        if (name.Length > LongestName)
        {
            throw new StorageException(400, "PropertyNameTooLong", "The property name exceeds the maximum allowed length.");
        }

        if (!IsIdentifier(name))
        {
            throw new StorageException(400, "PropertyNameInvalid", $"The property name is invalid: {name}");
        }

        if (value is string or byte[] && SizeOf(value) > MostPropertyBytes)
        {
            throw new StorageException(400, "PropertyValueTooLarge", $"The value of {name} is larger than the maximum size permitted.");
        }

        if (value is DateTimeOffset time && time < EarliestTime)
        {
            throw new StorageException(400, "OutOfRangeInput", $"The time of {name} is outside the permissible range.");
        }
    }

    private static void CheckKey(string name, string key)
    {
        if (SizeOf(key) > MostKeyBytes)
        {
            throw new StorageException(400, "KeyValueTooLarge", $"The value of {name} is larger than the maximum size permitted.");
        }

        if (key.Any(c => c is '/' or '\\' or '#' or '?' || char.IsControl(c)))
        {
            throw new StorageException(400, "OutOfRangeInput", $"The '{name}' parameter of value '{key}' is out of range.");
        }
    }

    /// <summary>
    /// What a value takes of an entity's size. The overhead of a value is not in the REST documentation; it is what the storage
    /// team has published (https://learn.microsoft.com/archive/blogs/avkashchauhan/how-the-size-of-an-entity-is-caclulated-in-windows-azure-table-storage).
    /// </summary>
    private static int SizeOf(object value) => value switch
    {
        string text => text.Length * CharBytes,
        byte[] bytes => bytes.Length,
        bool => 1,
        int => sizeof(int),
        Guid => 16,
        _ => sizeof(long),
    };

    /// <summary>Names follow the rules of C# identifiers.</summary>
    private static bool IsIdentifier(string name)
    {
        var isFirst = true;
        foreach (var rune in name.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var isLetter = Rune.IsLetter(rune) || category == UnicodeCategory.LetterNumber || rune.Value == '_';
            var isPart = isLetter || category is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.Format;
            if (isFirst ? !isLetter : !isPart)
            {
                return false;
            }

            isFirst = false;
        }

        return !isFirst;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,62}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex TableName();
}
