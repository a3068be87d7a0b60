using System.Diagnostics;
using System.Net.Http.Headers;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace BatchFunctions.IntegrationTests.Telemetry;

/// <summary>What an operator gets to see of a batch, and what nobody does.</summary>
public sealed class TelemetryTests
{
    private const string Prompt = "the-secret-of-the-prompt";
    private const int Lines = 250;

    [Fact]
    public async Task A_trace_follows_a_batch_from_its_making_through_its_chunks_to_its_end()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var spans = new List<Activity>();
        await using var service = await ServiceDriver.StartAsync(
            receiver.Settings,
            services => services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddInMemoryExporter(spans)));
        var batchId = await RunAsync(service);

        // Spans of other tests' services come here too: the source is the process's.
        List<Activity> Trace()
        {
            lock (spans)
            {
                var made = spans.FirstOrDefault(span => span.OperationName == "create batch" && span.GetTagItem("batchfunctions.batch.id") is string id && id == batchId);
                return made is null ? [] : [.. spans.Where(span => span.TraceId == made.TraceId)];
            }
        }

        // The last chunk's handler finishes the batch, and its span is told of after that.
        service.Get<TracerProvider>().ForceFlush();
        await Eventually.UntilAsync(
            () => Task.FromResult(
                Trace().Any(span => span.OperationName == "finish batch")
                && ChunksIn(Trace()).Distinct().Count() == 3),
            TimeSpan.FromSeconds(30),
            "the trace has come to its batch's end");
        var trace = Trace();
        Activity Of(string name) => trace.First(span => span.OperationName == name);
        Assert.Equal(Of("Microsoft.AspNetCore.Hosting.HttpRequestIn").SpanId, Of("create batch").ParentSpanId);
        Assert.Equal(Of("create batch").SpanId, Of("process validate").ParentSpanId);
        var chunks = trace.Where(span => span.OperationName == "process chunk").ToList();
        Assert.All(chunks, span => Assert.Equal(Of("process validate").SpanId, span.ParentSpanId));
        Assert.Equal([0, 1, 2], ChunksIn(chunks).Distinct().Order());
        Assert.Equal(3, trace.Count(span => span.OperationName == "run chunk"));
        Assert.Contains(trace, span => span.OperationName == "checkpoint");
        Assert.DoesNotContain(trace, span => span.OperationName == "process sweep");
        Assert.DoesNotContain(trace, span => span.OperationName == "call upstream");
    }

    private static IEnumerable<int> ChunksIn(IEnumerable<Activity> spans) =>
        spans.Where(span => span.OperationName == "process chunk").Select(span => (int)span.GetTagItem("batchfunctions.chunk")!);

    [Fact]
    public async Task Everything_is_exported_where_the_settings_say_and_no_key_or_prompt_with_it()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var settings = new Dictionary<string, string?>(receiver.Settings)
        {
            ["Batch:Upstream:Traced"] = "true",
            ["Batch:Upstream:ApiKey"] = "key-of-the-upstream",
        };
        await using var service = await ServiceDriver.StartAsync(settings);
        var batchId = await RunAsync(service);
        using var client = new HttpClient();
        using var refused = await client.GetAsync(new Uri(service.Endpoint, $"/v1/batches?api_key={service.Key}"));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
        service.Get<TracerProvider>().ForceFlush();
        service.Get<MeterProvider>().ForceFlush();
        service.Get<LoggerProvider>().ForceFlush();

        Assert.Contains(batchId, receiver.TextOf("traces"), StringComparison.Ordinal);
        Assert.Contains("call upstream", receiver.TextOf("traces"), StringComparison.Ordinal);
        foreach (var name in new[]
        {
            "batchfunctions.batch.entered", "batchfunctions.line.ended", "batchfunctions.line.tokens", "batchfunctions.queue.wait",
            "batchfunctions.queue.depth", "batchfunctions.upstream.attempt", "batchfunctions.chunk.checkpoint",
            "batchfunctions.storage.requests", "batchfunctions.batch.active", "batchfunctions.batch.oldest_age",
        })
        {
            Assert.Contains(name, receiver.TextOf("metrics"), StringComparison.Ordinal);
        }

        Assert.Contains(batchId, receiver.TextOf("logs"), StringComparison.Ordinal);
        foreach (var signal in new[] { "traces", "metrics", "logs" })
        {
            Assert.DoesNotContain(Prompt, receiver.TextOf(signal), StringComparison.Ordinal);
            Assert.DoesNotContain(service.Key, receiver.TextOf(signal), StringComparison.Ordinal);
            Assert.DoesNotContain("key-of-the-upstream", receiver.TextOf(signal), StringComparison.Ordinal);
        }
    }

    private static async Task<string> RunAsync(ServiceDriver service)
    {
        using var client = new HttpClient { BaseAddress = service.Endpoint };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.Key);
        return await BatchRun.ToEndAsync(client, string.Concat(Enumerable.Range(0, Lines).Select(LineOf)));
    }

    private static string LineOf(int index) =>
        $$$"""{"custom_id":"{{{index}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"echo","messages":[{"role":"user","content":"{{{Prompt}}}"}]}}""" + "\n";
}
