using System.Reflection;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The triggers on the services that the library registers, beside what the self-host makes of them.</summary>
public sealed class HostTests
{
    private const string Storage = "UseDevelopmentStorage=true";

    [Fact]
    public async Task Both_hosts_answer_each_route_with_the_same_handler()
    {
        await using var app = Build(Storage);
        app.MapBatchApi();
        var mapped = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>()
            .Select(endpoint => Route(
                endpoint.RoutePattern.RawText!,
                endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [],
                endpoint.Metadata.GetRequiredMetadata<MethodInfo>()));
        var triggered = Triggers.Http.Select(trigger => Route(trigger.Http!.Route!, trigger.Http.Methods, trigger.Handler));
        Assert.Equal(mapped.Order(), triggered.Order());
    }

    [Fact]
    public async Task The_services_have_what_every_trigger_needs()
    {
        await using var app = Build(Storage);
        Assert.All(
            Triggers.All.Select(trigger => trigger.Method.DeclaringType!).Distinct(),
            type => Assert.NotNull(ActivatorUtilities.CreateInstance(app.Services, type)));
    }

    [Fact]
    public async Task The_workers_server_lets_through_all_that_the_functions_host_lets_through()
    {
        await using var app = Build(Storage);
        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        // The host's own limits, and a request near them hangs if the worker's are no higher.
        Assert.True(limits.MaxRequestLineSize > 8 * 1024);
        Assert.True(limits.MaxRequestHeadersTotalSize > 40 * 1024);
        Assert.True(limits.MaxRequestHeaderCount > 100);

        // The handlers bound bodies; the server would turn an early 401 to a large one into an empty 500.
        Assert.Null(limits.MaxRequestBodySize);
    }

    [Fact]
    public async Task The_host_does_not_start_without_the_triggers_connection()
    {
        // The Functions host would say that it runs, with every queue function disabled.
        await using var app = Build(connection: null);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync());
        Assert.Contains(StorageClients.Connection, failure.Message, StringComparison.Ordinal);
    }

    private static WebApplication Build(string? connection)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            [StorageClients.Connection] = connection,
            ["Batch:Upstream:BaseUrl"] = "http://127.0.0.1:1/v1",
        });
        builder.Services.AddBatchFunctions(builder.Configuration);
        return builder.Build();
    }

    private static string Route(string template, IEnumerable<string> methods, MethodInfo handler) =>
        $"{template} {string.Join(',', methods).ToUpperInvariant()} {handler.DeclaringType!.Name}.{handler.Name}";
}
