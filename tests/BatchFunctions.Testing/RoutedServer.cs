using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Testing;

/// <summary>A server of a test with routes of its own, and nothing else: no files of settings, no log.</summary>
internal static class RoutedServer
{
    /// <summary>Makes one, on a free port once it starts; its routes are still to be mapped.</summary>
    public static WebApplication Create()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        var app = builder.Build();
        app.UseRouting();
        return app;
    }
}
