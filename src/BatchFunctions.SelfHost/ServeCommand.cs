using System.CommandLine;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Echo;
using BatchFunctions.SelfHost.Keys;
using BatchFunctions.SelfHost.Metrics;
using BatchFunctions.SelfHost.Projects;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.SelfHost.Upstream;

namespace BatchFunctions.SelfHost;

/// <summary>Serves the API and handles its queues in one process.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://127.0.0.1:7071";
    private const string UpstreamSetting = "Batch:Upstream:BaseUrl";
    private const string UpstreamsSetting = "Batch:Upstreams";
    private const string EchoLine =
        "Upstream: a built-in echo, which answers with what it is sent; set Batch__Upstream__BaseUrl to use a real one";

    private const string SourceCommand = "dotnet run --project src/BatchFunctions.SelfHost --";
    private const string ContainerCommand = "docker compose -f infra/container/compose.yaml run --rm batchfunctions";

    public static RootCommand Create()
    {
        var data = DataOption.Create();
        var urls = new Option<string>("--urls")
        {
            Description = "Addresses to listen on, separated by semicolons.",
            DefaultValueFactory = _ => DefaultUrl,
        };
        var metrics = new Option<string?>("--metrics")
        {
            Description = $"An address of its own at which Prometheus finds {PrometheusPage.Path}, without a key: http://127.0.0.1:9464, for instance.",
        };
        var root = new RootCommand("Serves an OpenAI-compatible Batch API, with its queue handlers, in one process.") { data, urls, metrics };
        root.Add(HealthCommand.Create(HealthCommand.AddressIn(Environment.GetEnvironmentVariable) ?? DefaultUrl));
        root.Add(KeysCommand.Create(data, static _ => Startup.Failed, makesData: true));
        root.Add(ProjectsCommand.Create(data, static _ => Startup.Failed, makesData: true));
        root.SetAction((parsed, ct) =>
            Startup.GuardAsync(
                () => RunAsync(Path.GetFullPath(parsed.GetValue(data)!), parsed.GetValue(urls)!, parsed.GetValue(metrics), ct),
                parsed.InvocationConfiguration.Error,
                sentenceOf: HostFailures.SentenceOf,
                ct: ct));
        return root;
    }

    private static async Task<int> RunAsync(string dataFolder, string urls, string? metricsUrl, CancellationToken ct)
    {
        ListenAddresses.Check(urls);
        if (metricsUrl is not null)
        {
            ListenAddresses.CheckMetrics(metricsUrl, urls);
        }

        var settings = SelfHostSettings.Read();
        await using var azurite = await EmbeddedStorage.StartIfNeededAsync(settings, dataFolder, Console.WriteLine, ct);
        var hasNamed = settings.GetSection(UpstreamsSetting).GetChildren().Any();
        await using var echo = string.IsNullOrEmpty(settings[UpstreamSetting]) && !hasNamed ? await EchoUpstream.StartAsync(ct) : null;
        settings[UpstreamSetting] ??= "";
        if (echo is not null)
        {
            settings[UpstreamSetting] = echo.Address.ToString();
        }

        await using var app = SelfHostApp.Build(settings, urls, metricsUrl: metricsUrl);
        await app.StartAsync(ct);
        var listening = app.Urls.ToList();
        if (metricsUrl is not null)
        {
            Console.WriteLine($"Metrics: {ListenAddresses.ToCall(listening[^1])}{PrometheusPage.Path}");
            listening.RemoveAt(listening.Count - 1);
        }

        Console.WriteLine($"Listening on {string.Join(", ", listening)}");
        Console.WriteLine($"Page: {ListenAddresses.ToCall(app.Urls.First())}/");
        Console.WriteLine(azurite is null
            ? "Storage: as configured"
            : $"Storage: embedded Azurite, data in {dataFolder}");
        foreach (var line in echo is null ? UpstreamLines.Of(app.Services) : [EchoLine])
        {
            Console.WriteLine(line);
        }

        await PrintKeyAsync(app, azurite is null ? null : dataFolder, ct);
        foreach (var problem in echo is null ? await UpstreamProbe.AskAllAsync(app.Services, ct) : [])
        {
            await Console.Error.WriteLineAsync(problem);
        }

        await app.WaitForShutdownAsync(ct);
        return 0;
    }

    private static async Task PrintKeyAsync(WebApplication app, string? dataFolder, CancellationToken ct)
    {
        var keys = app.Services.GetRequiredService<ApiKeyStore>();
        if (dataFolder is not null)
        {
            await PrintLocalKeyAsync(app, keys, dataFolder, ct);
        }
        else if (!await keys.ListAsync(ct).AnyAsync(ct))
        {
            var command = HealthCommand.IsInContainer(Environment.GetEnvironmentVariable) ? ContainerCommand : SourceCommand;
            Console.WriteLine($"There is no API key yet. Create one: {command} keys add --project NAME");
        }
    }

    private static async Task PrintLocalKeyAsync(WebApplication app, ApiKeyStore keys, string dataFolder, CancellationToken ct)
    {
        try
        {
            var key = await LocalKey.EnsureAsync(keys, app.Services.GetRequiredService<ProjectStore>(), dataFolder, ct);
            Console.WriteLine($"API key of the project 'local': {key}");
            Console.WriteLine("Try it:");
            Console.WriteLine($"  curl -H \"Authorization: Bearer {key}\" {ListenAddresses.ToCall(app.Urls.First())}/v1/batches");
        }
        catch (StartupException e)
        {
            // No reason not to serve: the service is what erases it.
            Console.WriteLine(e.Message);
        }
    }
}
