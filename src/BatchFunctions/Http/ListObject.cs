using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Http;

/// <summary>A page of a list, as the API returns it.</summary>
internal sealed class ListObject<T>
{
    private const string Kind = "list";

    private readonly Func<T, string> _idOf;

    internal ListObject(IReadOnlyList<T> data, bool hasMore, Func<T, string> idOf)
    {
        Data = data;
        HasMore = hasMore;
        _idOf = idOf;
    }

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public IReadOnlyList<T> Data { get; }

    [Description("Null when the page is empty.")]
    public string? FirstId => Data.Count > 0 ? _idOf(Data[0]) : null;

    [Description("The next page's 'after'; null when the page is empty.")]
    public string? LastId => Data.Count > 0 ? _idOf(Data[^1]) : null;

    [Description("Whether another page follows.")]
    public bool HasMore { get; }
}
