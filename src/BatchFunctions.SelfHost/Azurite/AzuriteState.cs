using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>What the data folder knows of the Azurite that serves it: its process and its ports.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="StartedAt">When it started, to tell it from a later one of the same id.</param>
/// <param name="BlobPort">The loopback port of its blobs.</param>
/// <param name="QueuePort">The loopback port of its queues.</param>
/// <param name="TablePort">The loopback port of its tables.</param>
/// <param name="Accounts">The accounts that it was started with.</param>
internal sealed record AzuriteState(
    int ProcessId, DateTime StartedAt, int BlobPort, int QueuePort, int TablePort, IReadOnlyList<string> Accounts)
{
    private const string FileName = "azurite.json";

    /// <summary>The ports, by the names that Azurite gives its services.</summary>
    [JsonIgnore]
    public IEnumerable<(string Service, int Port)> Services =>
        [("Blob", BlobPort), ("Queue", QueuePort), ("Table", TablePort)];

    /// <summary>What the folder knows; null when that is nothing, or nothing legible.</summary>
    public static AzuriteState? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<AzuriteState>(File.ReadAllBytes(Path.Combine(folder, FileName)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    public static void Remove(string folder) => File.Delete(Path.Combine(folder, FileName));

    /// <summary>Writes it, whole or not at all.</summary>
    public void Write(string folder)
    {
        var unfinished = Path.Combine(folder, FileName + ".unfinished");
        File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(this));
        File.Move(unfinished, Path.Combine(folder, FileName), overwrite: true);
    }

    /// <summary>Whether Azurite answers at all three ports, and not what may have them by now.</summary>
    public async Task<bool> AnswersAsync(HttpClient http, CancellationToken ct)
    {
        try
        {
            foreach (var (service, port) in Services)
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/"), ct);
                if (!answer.Headers.Server.ToString().StartsWith($"Azurite-{service}/", StringComparison.Ordinal))
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }
}
