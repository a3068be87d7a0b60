using System.ComponentModel;

namespace BatchFunctions.Checks;

/// <summary>The tokens of an input's valid lines.</summary>
/// <param name="Counted">Those of models whose encoding is known.</param>
/// <param name="Estimated">Those of others.</param>
/// <param name="LinesWithMore">Lines with what is not counted.</param>
internal sealed record TokenReport(
    [property: Description("Of models whose encoding is known: as OpenAI counts them, for what is counted.")] long Counted,
    [property: Description("Of other models, and of text beyond 1 MiB in a line.")] long Estimated,
    [property: Description("Valid lines that have what is not counted: images, audio, files, tools, what another request said.")] int LinesWithMore)
{
    /// <summary>The tokens of all lines.</summary>
    public static TokenReport Of(CheckTotals totals) => new(totals.CountedTokens, totals.EstimatedTokens, totals.LinesWithMore);
}

/// <summary>The lines of a model.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Lines">Its lines.</param>
/// <param name="Tokens">The tokens of its valid lines.</param>
/// <param name="Encoding">What they were counted by.</param>
/// <param name="Exact">Whether none of them is an estimate.</param>
/// <param name="Served">Whether it can be batched.</param>
internal sealed record ModelReport(
    [property: Description("Null for lines that name none.")] string? Model,
    int Lines,
    [property: Description("Of its valid lines.")] long Tokens,
    [property: Description("The encoding that they were counted by; null where the model's own is not known.")] string? Encoding,
    [property: Description("Whether none of the tokens is an estimate.")] bool Exact,
    [property: Description("Whether the model can be batched, as far as that is known.")] bool Served)
{
    /// <summary>The lines of all models that are told.</summary>
    public static IReadOnlyList<ModelReport> Of(CheckTotals totals) =>
    [
        .. totals.Models.Select(static model =>
            new ModelReport(model.Name.Length > 0 ? model.Name : null, model.Lines, model.Tokens, model.Encoding, model.IsExact, model.IsServed)),
    ];
}

/// <summary>The lines for an endpoint.</summary>
/// <param name="Endpoint">The endpoint, as lines name it.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record EndpointReport(string Endpoint, long Lines)
{
    /// <summary>The lines for all endpoints that are told.</summary>
    public static IReadOnlyList<EndpointReport> Of(CheckTotals totals) =>
        [.. totals.Endpoints.Select(static endpoint => new EndpointReport(endpoint.Key, endpoint.Value))];
}
