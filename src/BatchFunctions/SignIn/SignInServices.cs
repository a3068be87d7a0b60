using BatchFunctions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;

namespace BatchFunctions.SignIn;

/// <summary>Registers the sign-in; where it is off, nothing of it is ever used.</summary>
internal static class SignInServices
{
    private const string HttpClientName = "sign-in";

    /// <summary>Keys and metadata are some kilobytes.</summary>
    private const int LargestDocument = 1024 * 1024;

    public static IServiceCollection AddSignIn(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BatchOptions>, SignInOptionsValidator>());
        services.TryAddSingleton<IDocumentRetriever>(provider => new IssuerDocuments(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(HttpClientName),
            SignInIssuer.RequiresHttps(provider.GetRequiredService<IOptions<BatchOptions>>().Value.SignIn)));
        services.TryAddSingleton<IssuerKeys>();
        services.TryAddSingleton<TokenCheck>();

        // Where the sign-in is off, no start loads what it is made of.
        services.TryAddSingleton(provider => new Lazy<TokenCheck>(provider.GetRequiredService<TokenCheck>));
        services.AddHttpClient(HttpClientName, client =>
            {
                client.MaxResponseContentBufferSize = LargestDocument;

                // The read has a limit of its own, by the service's clock.
                client.Timeout = Timeout.InfiniteTimeSpan;
            })
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.AllowAutoRedirect = false;
                handler.UseCookies = false;
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        return services;
    }
}
