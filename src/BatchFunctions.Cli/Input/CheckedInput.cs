using System.Text.Json.Serialization;
using BatchFunctions.Checks;

namespace BatchFunctions.Cli.Input;

/// <summary>What was found of an input, as the command prints it for programs.</summary>
internal sealed record CheckedInput(
    bool Valid,
    string Endpoint,
    int Lines,
    int WrongLines,
    long Faults,
    long Bytes,
    TokenReport Tokens,
    IReadOnlyList<ModelReport> Models,
    IReadOnlyList<EndpointReport> Endpoints,
    decimal? InputPrice)
{
    /// <summary>Puts together what was found.</summary>
    /// <param name="totals">What the lines come to.</param>
    /// <param name="endpoint">The endpoint that they were checked for.</param>
    /// <param name="bytes">The bytes of the file.</param>
    /// <param name="prices">What tokens cost.</param>
    public static CheckedInput Of(CheckTotals totals, string endpoint, long bytes, PriceList prices)
    {
        var models = ModelReport.Of(totals);
        var costs = models.Select(model => prices.CostOf(model.Model, model.Tokens)).ToList();
        return new CheckedInput(
            totals.Faults == 0,
            endpoint,
            totals.Lines,
            totals.WrongLines,
            totals.Faults,
            bytes,
            TokenReport.Of(totals),
            models,
            EndpointReport.Of(totals),
            costs.Any(cost => cost is not null) ? costs.Sum() : null);
    }
}

/// <summary>Something that is wrong with an input, as the command prints it for programs.</summary>
internal sealed record CheckedFault(int? Line, string Code, string Message, string? Param);

/// <summary>Serializes what was found.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CheckedInput))]
[JsonSerializable(typeof(CheckedFault))]
internal sealed partial class CheckJson : JsonSerializerContext;
