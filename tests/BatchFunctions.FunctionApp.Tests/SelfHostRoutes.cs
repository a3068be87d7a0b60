using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The routes as the self-host maps them, on the services of the Functions app.</summary>
internal sealed class SelfHostRoutes : IEndpointRouteBuilder
{
    public SelfHostRoutes(IServiceProvider services)
    {
        ServiceProvider = services;
        this.MapBatchApi();
    }

    public IServiceProvider ServiceProvider { get; }

    public ICollection<EndpointDataSource> DataSources { get; } = [];

    public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(ServiceProvider);

    private IEnumerable<RouteEndpoint> Endpoints => DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>();

    /// <summary>Each route's template and methods; none means every method.</summary>
    public IEnumerable<(string Template, string Methods)> All => Endpoints.Select(endpoint =>
        (endpoint.RoutePattern.RawText!, string.Join(',', MethodsOf(endpoint))));

    /// <summary>Has the one route of a template and a method answer a request.</summary>
    public Task AnswerAsync(string template, HttpRequest request) => Endpoints
        .Single(endpoint => endpoint.RoutePattern.RawText == template
            && (MethodsOf(endpoint) is [] || MethodsOf(endpoint).Contains(request.Method)))
        .RequestDelegate!(request.HttpContext);

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];
}
