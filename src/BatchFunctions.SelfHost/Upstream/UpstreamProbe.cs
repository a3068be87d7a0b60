using System.Net.Mime;
using BatchFunctions.Upstream;

namespace BatchFunctions.SelfHost.Upstream;

/// <summary>
/// Asks the upstreams for their models once at startup, so that a wrong address is reported then and not by the first
/// batch. The service starts in any case, since the upstream may come up later.
/// </summary>
internal static class UpstreamProbe
{
    private const string Models = "/v1/models";
    private const string Setting = "Batch__Upstream__BaseUrl";
    private const string TheUpstream = "The upstream";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>A line for each upstream with which something looks wrong, with what to do.</summary>
    /// <param name="services">The service's container, for its connections to the upstreams.</param>
    /// <param name="ct">Cancels the operation.</param>
    public static async Task<IReadOnlyList<string>> AskAllAsync(IServiceProvider services, CancellationToken ct)
    {
        var upstreams = services.GetRequiredService<UpstreamRegistry>().Upstreams;
        var problems = await Task.WhenAll(upstreams.Select(upstream => AskAsync(services, upstream, ct)));
        return
        [
            .. upstreams.Zip(problems).Where(static pair => pair.Second is not null)
                .Select(pair => pair.First.Settings.Naming(pair.Second!)
                    .Replace(TheUpstream, pair.First.Settings.Title, StringComparison.Ordinal)),
        ];
    }

    /// <summary>One line that says what looks wrong with an upstream and what to do; null if nothing does.</summary>
    private static async Task<string?> AskAsync(IServiceProvider services, UpstreamEntry upstream, CancellationToken ct)
    {
        if (!UpstreamAddress.TryParse(upstream.Options.BaseUrl, out var root))
        {
            return UpstreamAddress.Requirement;
        }

        var place = UpstreamAddress.For(root, Models).GetLeftPart(UriPartial.Path);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient(UpstreamConnection.HttpClientNameOf(upstream.Name));
            using var answer = await client.GetAsync(
                UpstreamAddress.For(root, Models), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return ProblemOf(answer, place);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.UserAuthenticationError)
        {
            return $"Lines wait, since {e.Message}. Is Batch__Upstream__Credential right, with __ClientId and __CredentialScope, and is an identity assigned?";
        }
        catch (HttpRequestException e)
        {
            return $"The upstream does not answer at {place} ({e.GetBaseException().Message}): is it running, and is {Setting} right? Lines wait until it answers.";
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"The upstream has not answered at {place} for {Limit.TotalSeconds:0} s: is it running, and is {Setting} right? Lines wait until it answers.";
        }
    }

    private static string? ProblemOf(HttpResponseMessage answer, string place)
    {
        var status = (int)answer.StatusCode;
        return status switch
        {
            401 or 403 => $"The upstream refuses the service's key at {place} ({status}): set Batch__Upstream__ApiKey, and the header that it belongs into, Batch__Upstream__ApiKeyHeader.",
            >= 300 and < 400 => $"The upstream sends {place} to {UpstreamAddress.Shown(answer.Headers.Location?.OriginalString ?? "nowhere")} ({status}), and redirects are not followed: set {Setting} to the address that it has.",
            _ when answer.Content.Headers.ContentType?.MediaType == MediaTypeNames.Text.Html =>
                $"At {place} there is a web page and no API ({status}): correct {Setting}.",
            404 => $"The upstream has no {place} (404): if lines fail with 404 as well, {Setting} points beside the API. It is the API's root, with the /v1 that most have at its end.",
            >= 500 => $"The upstream has failed at {place} ({status}): lines are sent again until it is well.",
            _ => null,
        };
    }
}
