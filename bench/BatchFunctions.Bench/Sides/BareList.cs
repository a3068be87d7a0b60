using System.Collections.Concurrent;
using System.Globalization;
using Azure.Data.Tables;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// The least that can answer a page of the list: the one table query, and bytes that are known beforehand. A page is
/// told to it once (<c>PUT /{id}?filter=…</c>, the body being the answer) and then asked for (<c>GET /{id}</c>).
/// </summary>
internal static class BareList
{
    public const string Name = "list";

    public static RequestDelegate Create(string[] arguments)
    {
        var table = new TableClient(arguments[0], TableNames.Batches);
        var rows = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var pages = new ConcurrentDictionary<string, (string Filter, byte[] Answer)>();
        return async context =>
        {
            var path = context.Request.Path.Value!;
            if (context.Request.Method == HttpMethods.Put)
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                pages[path] = (context.Request.Query["filter"].ToString(), body.ToArray());
                return;
            }

            var (filter, answer) = pages[path];
            var read = 0;
            await foreach (var page in table.QueryAsync<TableEntity>(filter, rows).AsPages())
            {
                read += page.Values.Count;
                if (read >= rows)
                {
                    break;
                }
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = answer.Length;
            await context.Response.BodyWriter.WriteAsync(answer);
        };
    }
}
