using System.Diagnostics;
using System.Text;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// The process that Azurite runs in, a child of this one. It ends when its standard input does: by <see cref="EndAsync"/>,
/// or by the operating system when this process is killed.
/// </summary>
internal sealed class AzuriteProcess
{
    private const int SaidLimit = 2000;

    /// <summary>Longer than the launcher gives Azurite for writing its data out.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private AzuriteProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>What it has said on its standard error, on one line.</summary>
    private string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString().Trim();
            }
        }
    }

    /// <summary>Starts one.</summary>
    /// <exception cref="StartupException">Node.js is missing.</exception>
    public static AzuriteProcess Start(ProcessStartInfo start)
    {
        // Pipes of its own: what inherited ours would keep whoever reads our output waiting for its end.
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var started = new AzuriteProcess(NodePrograms.Start(start));
        started._process.ErrorDataReceived += (_, line) => started.Hear(line.Data);
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Reads on until it says that something is listening.</summary>
    /// <param name="what">The name of what listens, as it begins the line.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>The port, which the line ends with.</returns>
    /// <exception cref="StartupException">It has ended instead.</exception>
    public async Task<int> ListeningAsync(string what, CancellationToken ct)
    {
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            if (line.StartsWith(what, StringComparison.Ordinal) && line.Contains("listening at", StringComparison.Ordinal))
            {
                return new Uri(line[(line.LastIndexOf(' ') + 1)..]).Port;
            }
        }

        // The last that it said is still to be read.
        await _process.WaitForExitAsync(ct);
        throw new StartupException(
            $"Azurite does not start ({(Said is { Length: > 0 } said ? said : "it says nothing")}): Node.js must be 20 or newer; delete {_process.StartInfo.Environment[AzuriteServer.InstallFolderVariable]} to have Azurite installed anew.");
    }

    /// <summary>Gives it the word to begin.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync("begin".AsMemory(), ct);
            await _process.StandardInput.FlushAsync(ct);
        }
        catch (IOException)
        {
            // It has ended, and its output tells so to whoever reads on.
        }
    }

    /// <summary>Reads what it says from now on, and forgets it: a full pipe would stop it.</summary>
    public void Ignore() => _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);

    /// <summary>Lets it write its data out and end, and ends it if it does not.</summary>
    public async Task EndAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it has read everything.
        }

        using var limit = new CancellationTokenSource(EndLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private void Hear(string? line)
    {
        lock (_said)
        {
            if (line is not null && _said.Length < SaidLimit)
            {
                _said.Append(line).Append(' ');
            }
        }
    }
}
