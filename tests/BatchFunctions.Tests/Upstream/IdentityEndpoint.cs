using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Tests.Upstream;

/// <summary>
/// The endpoint that App Service and Functions give a program for the tokens of its identity, told by
/// <c>IDENTITY_ENDPOINT</c> and <c>IDENTITY_HEADER</c>.
/// </summary>
public sealed class IdentityEndpoint : IAsyncLifetime
{
    private const string Secret = "the-endpoints-own-secret";

    private readonly ConcurrentQueue<(string Resource, string ClientId)> _asked = new();
    private WebApplication? _app;

    /// <summary>What tokens were asked for, and as which identity, in their order.</summary>
    public IReadOnlyList<(string Resource, string ClientId)> Asked => [.. _asked];

    /// <summary>Whether it refuses, as where no identity is assigned.</summary>
    public bool Refuses { get; set; }

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", $"{_app.Urls.Single()}/msi/token");
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", Secret);
    }

    public async Task DisposeAsync()
    {
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
        await _app!.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (context.Request.Headers["X-IDENTITY-HEADER"] != Secret || query["api-version"] != "2019-08-01")
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        _asked.Enqueue((query["resource"].ToString(), query["client_id"].ToString()));
        if (Refuses)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsJsonAsync(new { statusCode = 400, message = "No User Assigned or Delegated Managed Identity found." });
            return;
        }

        await context.Response.WriteAsJsonAsync(new
        {
            access_token = $"token-{_asked.Count}",
            expires_on = DateTimeOffset.UtcNow.AddHours(24).ToUnixTimeSeconds().ToString(null, null),
            resource = query["resource"].ToString(),
            token_type = "Bearer",
            client_id = query["client_id"].ToString(),
        });
    }
}
