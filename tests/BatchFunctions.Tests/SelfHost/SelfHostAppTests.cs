using BatchFunctions.SelfHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.SelfHost;

/// <summary>What a start of the self-host does not do.</summary>
public sealed class SelfHostAppTests
{
    private static readonly IConfiguration Settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
        ["Batch:Upstream:BaseUrl"] = "http://127.0.0.1:1/v1",
    }).Build();

    /// <summary>The self-host, not started: neither its storage nor its upstream need be there.</summary>
    internal static WebApplication Build() => SelfHostApp.Build(Settings, "http://127.0.0.1:0");

    /// <summary>One file that may change has each folder below the current one watched, of which the system allows a process so many.</summary>
    [Fact]
    public async Task No_file_of_settings_is_watched()
    {
        await using var app = Build();

        var files = ((IConfigurationRoot)app.Configuration).Providers.OfType<FileConfigurationProvider>().ToList();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.False(file.Source.ReloadOnChange));
    }

    /// <summary>Of any other delegate routing would compile a function of its own, for each operation at each start.</summary>
    [Fact]
    public async Task Each_route_is_answered_by_a_delegate_that_was_there()
    {
        await using var app = Build();

        var endpoints = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).ToList();

        Assert.NotEmpty(endpoints);
        Assert.All(endpoints, endpoint => Assert.StartsWith(
            "BatchFunctions.", endpoint.RequestDelegate!.Method.DeclaringType?.FullName ?? "compiled", StringComparison.Ordinal));
    }
}
