using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.Batches;

namespace BatchFunctions.Checks;

/// <summary>What was found of a file, as the API returns it.</summary>
internal sealed class FileCheckObject
{
    private const string Kind = "file.check";

    private readonly CheckTotals _totals;
    private readonly CheckPlace? _next;

    /// <param name="fileId">The file.</param>
    /// <param name="endpoint">The endpoint that its lines were checked for.</param>
    /// <param name="totals">What the lines come to.</param>
    /// <param name="faults">What is wrong, as far as it is told.</param>
    /// <param name="next">Where the check goes on; null where it has come to the end.</param>
    /// <param name="isComparedWithAll">Whether ids were compared with those of all lines before.</param>
    internal FileCheckObject(
        string fileId, string endpoint, CheckTotals totals, FaultList faults, CheckPlace? next, bool isComparedWithAll)
    {
        FileId = fileId;
        Endpoint = endpoint;
        _totals = totals;
        Faults = faults;
        _next = next;
        IdsCompared = isComparedWithAll;
    }

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public string FileId { get; }

    [Description("What the lines were checked for.")]
    public string Endpoint { get; }

    [Description("Whether a batch of it would be run, by what was checked.")]
    public bool Valid => _totals.Faults == 0;

    [Description("Whether the check has come to the end of the file.")]
    public bool Complete => _next is null;

    [Description("What to send as 'after' to go on; null at the end. Everything else is about the lines since the 'after' of the request.")]
    public string? Next => _next?.ToString();

    [Description("Whether each custom_id was compared with those of all lines before it; not, where time did not suffice for those before 'after', or where they are more than a batch may have.")]
    public bool IdsCompared { get; }

    [Description("Blank ones left out.")]
    public int Lines => _totals.Lines;

    [Description("Of those lines, their ends included.")]
    public long Bytes => _totals.Bytes;

    [Description("Tokens of input, of the valid lines.")]
    public TokenReport Tokens => TokenReport.Of(_totals);

    [Description("Up to a hundred, the one with the most lines first.")]
    public IReadOnlyList<ModelReport> Models => ModelReport.Of(_totals);

    [Description("Lines of models beside these.")]
    public int OtherModelLines => _totals.LinesOfOtherModels;

    [Description("Up to a hundred, as the lines name them.")]
    public IReadOnlyList<EndpointReport> Endpoints => EndpointReport.Of(_totals);

    [Description("Lines for endpoints beside these.")]
    public int OtherEndpointLines => _totals.LinesOfOtherEndpoints;

    public FaultList Faults { get; }

    /// <summary>What is wrong.</summary>
    /// <param name="Total">All of it.</param>
    /// <param name="Lines">The lines that something is wrong with.</param>
    /// <param name="Data">As much as is told.</param>
    /// <param name="Next">Where that ends.</param>
    internal sealed record FaultList(
        [property: Description("All faults of those lines, and of the file.")] long Total,
        [property: Description("How many lines have any.")] int Lines,
        [property: Description("In the order of the lines, up to five hundred.")] IReadOnlyList<BatchError> Data,
        [property: Description("What to send as 'after' to be told those that are not here; null where all are.")] string? Next);
}
