using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The app's host, as its <c>Program</c> builds it.</summary>
public sealed class HostTests
{
    private const string Storage = "UseDevelopmentStorage=true";

    [Fact]
    public void The_services_have_what_every_trigger_needs()
    {
        using var host = AppHost.Build(Storage);
        Assert.All(
            Functions.All.Select(function => function.Method.DeclaringType!).Distinct(),
            type => Assert.NotNull(ActivatorUtilities.CreateInstance(host.Services, type)));
    }

    [Fact]
    public void The_workers_server_lets_through_all_that_the_functions_host_lets_through()
    {
        using var host = AppHost.Build(Storage);
        var limits = host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        // The host's own limits, and a request near them hangs if the worker's are no higher.
        Assert.True(limits.MaxRequestLineSize > 8 * 1024);
        Assert.True(limits.MaxRequestHeadersTotalSize > 40 * 1024);
        Assert.True(limits.MaxRequestHeaderCount > 100);

        // The handlers bound bodies; the server would turn an early 401 to a large one into an empty 500.
        Assert.Null(limits.MaxRequestBodySize);
    }

    [Fact]
    public void Times_that_do_not_fit_the_function_timeout_of_host_json_are_refused()
    {
        using var host = AppHost.Build(Storage, "--Batch:RunLimit=00:06:00");
        var failure = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IOptions<BatchOptions>>().Value);
        Assert.Contains("AzureFunctionsJobHost__functionTimeout (00:10:00)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_for_the_function_timeout_stands_above_host_json()
    {
        using var host = AppHost.Build(Storage, "--Batch:RunLimit=00:06:00", "--AzureFunctionsJobHost:functionTimeout=00:12:00");
        Assert.Equal(TimeSpan.FromMinutes(6), host.Services.GetRequiredService<IOptions<BatchOptions>>().Value.RunLimit);
    }

    [Fact]
    public async Task The_host_does_not_start_without_the_triggers_connection()
    {
        // The Functions host would say that it runs, with every queue function disabled.
        using var host = AppHost.Build(connection: "");
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync());
        Assert.Contains(StorageClients.Connection, failure.Message, StringComparison.Ordinal);
    }
}
