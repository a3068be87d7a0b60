using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// What a data folder records of the Azurite that serves it, or that served it when its parent was killed.
/// </summary>
/// <param name="Id">
/// What its guard answers with, which tells it from another program that has got the port since.
/// </param>
/// <param name="GuardPort">The port that the guard listens on until the process is gone.</param>
/// <param name="Endpoints">The ports that it serves on; null until it does.</param>
internal sealed record AzuriteState(string Id, int GuardPort, AzuriteEndpoints? Endpoints)
{
    private const string FileName = "azurite.json";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>Reads the record in a folder; null if there is none, or it is not legible.</summary>
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

    /// <summary>Writes the record, atomically.</summary>
    public void Write(string folder)
    {
        var unfinished = Path.Combine(folder, FileName + ".unfinished");
        File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(this));
        File.Move(unfinished, Path.Combine(folder, FileName), overwrite: true);
    }

    /// <summary>Whether the recorded process is still there, and may thus write to the folder.</summary>
    public async Task<bool> IsAliveAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(AnswerLimit);
        try
        {
            using var guard = new TcpClient();
            await guard.ConnectAsync(IPAddress.Loopback, GuardPort, limit.Token);
            using var answer = new StreamReader(guard.GetStream());
            return await answer.ReadToEndAsync(limit.Token) == Id;
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }
}
