using Azure.Data.Tables;
using BatchFunctions.Bench.Sides;
using BatchFunctions.Ids;

namespace BatchFunctions.Bench.Figures;

/// <summary>A page of the list, asked of the service and of the bare side, which is told it beforehand.</summary>
internal sealed class ListPage(HttpClient service, HttpClient bare, string path, string name) : IDisposable
{
    public const int Limit = 100;

    /// <summary>Prepares a page.</summary>
    /// <param name="service">A client of the service.</param>
    /// <param name="bare">A client of <see cref="BareList"/>.</param>
    /// <param name="name">What the bare side shall know it by.</param>
    /// <param name="after">The cursor; null for the first page.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ListPage> PrepareAsync(
        HttpClient service, HttpClient bare, string name, string? after, CancellationToken ct)
    {
        var path = $"/v1/batches?limit={Limit}" + (after is null ? "" : $"&after={after}");
        var answer = await service.GetByteArrayAsync(new Uri(path, UriKind.Relative), ct);
        var filter = after is null
            ? TableClient.CreateQueryFilter($"PartitionKey eq {BenchAccount.Tenant}")
            : TableClient.CreateQueryFilter($"PartitionKey eq {BenchAccount.Tenant} and RowKey gt {IdKind.Batch.RowKeyOf(after)}");
        using var content = new ByteArrayContent(answer);
        using var told = await bare.PutAsync(
            new Uri($"/{name}?filter={Uri.EscapeDataString(filter)}", UriKind.Relative), content, ct);
        told.EnsureSuccessStatusCode();
        var page = new ListPage(service, bare, path, name);
        var bareAnswer = await bare.GetByteArrayAsync(new Uri($"/{name}", UriKind.Relative), ct);
        if (!answer.AsSpan().SequenceEqual(bareAnswer))
        {
            throw new InvalidOperationException("The bare side writes other bytes than the service.");
        }

        return page;
    }

    public Task AskServiceAsync(CancellationToken ct) => AskAsync(service, path, ct);

    public Task AskBareAsync(CancellationToken ct) => AskAsync(bare, "/" + name, ct);

    public void Dispose()
    {
        service.Dispose();
        bare.Dispose();
    }

    private static async Task AskAsync(HttpClient client, string path, CancellationToken ct)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), ct);
        response.EnsureSuccessStatusCode();
    }
}
