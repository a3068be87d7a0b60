using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>What the data folder knows of the Azurite that serves it: its process, its ports, and whose it is.</summary>
internal sealed record AzuriteState(int ProcessId, DateTimeOffset StartedAt, int BlobPort, int QueuePort, int TablePort, int OwnerId)
{
    private const string FileName = "azurite.json";

    /// <summary>A process's start time is read back to this accuracy; another process of the same id started at another time.</summary>
    private static readonly TimeSpan Accuracy = TimeSpan.FromSeconds(2);

    [JsonIgnore]
    public IEnumerable<int> Ports => [BlobPort, QueuePort, TablePort];

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

    public void Write(string folder) =>
        File.WriteAllBytes(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this));

    public static void Remove(string folder) => File.Delete(Path.Combine(folder, FileName));

    /// <summary>The process, when it is still the one that was started and answers.</summary>
    public async Task<Process?> FindAsync(CancellationToken ct)
    {
        var process = FindProcess(ProcessId);
        if (process is null || (process.StartTime.ToUniversalTime() - StartedAt).Duration() > Accuracy)
        {
            process?.Dispose();
            return null;
        }

        foreach (var port in Ports)
        {
            if (!await AnswersAsync(port, ct))
            {
                process.Dispose();
                return null;
            }
        }

        return process;
    }

    /// <summary>Whether another live process has it and will end it.</summary>
    [JsonIgnore]
    public bool IsOwned
    {
        get
        {
            using var owner = OwnerId == Environment.ProcessId ? null : FindProcess(OwnerId);
            return owner is not null;
        }
    }

    public static async Task<bool> AnswersAsync(int port, CancellationToken ct)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, ct);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Process? FindProcess(int id)
    {
        try
        {
            var process = Process.GetProcessById(id);
            if (!process.HasExited)
            {
                return process;
            }

            process.Dispose();
            return null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
