using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Azure.Data.Tables;
using BatchFunctions.Http;
using BatchFunctions.Service;
using BatchFunctions.Storage;
using Xunit.Abstractions;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>A hundred thousand bad requests, made from good ones: none is answered with 5xx, and none leaves anything.</summary>
public sealed class BadRequestTests(ITestOutputHelper output)
{
    private const int Requests = 100_000;
    private const int AtOnce = 16;

    private static readonly ApiRoute[] Routes = [.. ApiOperations.Routes, new("GET", "v1/other"), new("GET", "")];

    private static readonly string[] Methods = ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"];

    private static readonly string[] Ids =
    [
        "batch_00000000000000000000000000000000", "batch_ffffffffffffffffffffffffffffffff", "file-ffffffffffffffffffffffffffffffff", "upload_0123456789abcdef0123456789abcdef",
        "batch_", "..", "%2e%2e%2f", "%0d%0a", "%zz", "%", "a%20b", "null", "0", "%F0%9F%98%80", "'", "%27%20or%20%27%27%20eq%20%27",
    ];

    private static readonly string[] Queries =
    [
        "limit=0", "limit=101", "limit=-5", "limit=99999999999999999999999", "limit=1e3", "limit=%00", "limit=1&limit=2", "after=x",
        "after=batch_'", "batch_id=batch_ffffffffffffffffffffffffffffffff", "after=%00", "order=up", "purpose=none", "limit=%D9%A1", "after=" + "a",
    ];

    private static readonly string[] Bodies =
    [
        """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/embeddings","completion_window":"24h"}""",
        """{"filename":"a.jsonl","purpose":"batch","bytes":10,"mime_type":"text/plain"}""",
        """{"part_ids":["part_0"],"md5":"00"}""",
        "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nnot json\r\n--x--\r\n",
    ];

    private static readonly string[] ContentTypes =
        ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "application/json; charset=utf-16", "nonsense"];

    [Fact]
    public async Task None_of_a_hundred_thousand_bad_requests_is_a_5xx_or_leaves_a_row_or_a_blob()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        await api.PageAsync(null, 1);
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var faults = new ConcurrentQueue<string>();
        var key = api.Client.DefaultRequestHeaders.Authorization!;
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce }) { BaseAddress = api.Address };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Requests),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (number, ct) =>
            {
                var random = new Random(number);
                using var request = BadRequest(random);
                if (random.Next(10) > 0)
                {
                    request.Headers.Authorization = key;
                }

                using var response = await client.SendAsync(request, ct);
                statuses.AddOrUpdate(response.StatusCode, 1, (_, count) => count + 1);
                if ((int)response.StatusCode >= 500 || IsGoodPost(response, request))
                {
                    faults.Enqueue($"{number}: {request.Method} {request.RequestUri} {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(ct)}");
                }
            });
        foreach (var (status, count) in statuses.OrderBy(pair => pair.Key))
        {
            output.WriteLine($"{(int)status}: {count}");
        }

        Assert.Empty(faults.Take(5));
        Assert.Equal(Requests, statuses.Values.Sum());
        var storage = api.Get<StorageClients>();
        foreach (var name in TableNames.All.Where(name => name != TableNames.ApiKeys))
        {
            Assert.Empty(await storage.Tables.GetTableClient(name).QueryAsync<TableEntity>().ToListAsync());
        }

        foreach (var name in ContainerNames.All)
        {
            Assert.Empty(await storage.Blobs.GetBlobContainerClient(name).GetBlobsAsync().ToListAsync());
        }

        foreach (var name in QueueNames.All)
        {
            Assert.Empty((await storage.Queues.GetQueueClient(name).PeekMessagesAsync(1)).Value);
        }
    }

    /// <summary>A mutation may leave a request good: those are not made.</summary>
    private static bool IsGoodPost(HttpResponseMessage response, HttpRequestMessage request) =>
        response.IsSuccessStatusCode && request.Method == HttpMethod.Post;

    private static HttpRequestMessage BadRequest(Random random)
    {
        // Most are right in method and path, so that what is wrong lies deeper.
        var route = Pick(random, Routes);
        var path = "/" + route.Template.Replace("{id}", Pick(random, Ids), StringComparison.Ordinal);
        var method = random.Next(8) == 0 ? Pick(random, Methods) : route.Method;
        if (random.Next(3) == 0)
        {
            path += "?" + Pick(random, Queries) + (random.Next(4) == 0 ? "&" + Pick(random, Queries) : "");
        }

        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (method is "POST" or "PUT" or "PATCH")
        {
            request.Content = new ByteArrayContent(Mutated(random, Encoding.UTF8.GetBytes(Pick(random, Bodies))));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", Pick(random, ContentTypes));
        }

        return request;
    }

    /// <summary>The body with some of it dropped, doubled or changed; always so that it is no good any more.</summary>
    private static byte[] Mutated(Random random, byte[] body)
    {
        var bytes = body.ToList();
        for (var i = random.Next(1, 6); i > 0 && bytes.Count > 1; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes.RemoveAt(at);
                    break;
                case 1:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 2:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at));
                    break;
            }
        }

        // A body that came through whole, or nearly so, could be right: an upload is begun by few bytes.
        bytes.RemoveAt(bytes.Count - 1);
        return [.. bytes];
    }

    private static T Pick<T>(Random random, T[] from) => from[random.Next(from.Length)];
}
