using System.Diagnostics;
using System.Text;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// The process that runs Azurite, a child of this one. It ends when its standard input is closed: by
/// <see cref="EndAsync"/>, or by the operating system when this process is killed.
/// </summary>
internal sealed class AzuriteProcess
{
    private const int SaidLimit = 2000;

    /// <summary>Longer than the launcher gives Azurite to write out its data.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private AzuriteProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>What the process has written to its standard error so far, on one line.</summary>
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

    /// <summary>Starts the process.</summary>
    /// <exception cref="StartupException">Node.js is missing.</exception>
    public static AzuriteProcess Start(ProcessStartInfo start)
    {
        // It gets pipes of its own: if it inherited ours, whoever reads our output would have to wait until it ends.
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var started = new AzuriteProcess(NodePrograms.Start(start));
        started._process.ErrorDataReceived += (_, line) => started.Hear(line.Data);
        started._process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Reads the output until it says that something is listening.</summary>
    /// <param name="what">The name of what listens, with which the line begins.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The port, with which the line ends.</returns>
    /// <exception cref="StartupException">The process has ended instead.</exception>
    public async Task<int> ListeningAsync(string what, CancellationToken ct)
    {
        while (await _process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            if (line.StartsWith(what, StringComparison.Ordinal) && line.Contains("listening at", StringComparison.Ordinal))
            {
                return new Uri(line[(line.LastIndexOf(' ') + 1)..]).Port;
            }
        }

        // The last of its error output is still to be read.
        await _process.WaitForExitAsync(ct);
        throw new StartupException(
            $"Azurite does not start ({(Said is { Length: > 0 } said ? said : "it says nothing")}): Node.js must be 20 or newer; delete {_process.StartInfo.Environment[AzuriteServer.InstallFolderVariable]} to have Azurite installed anew.")
        {
            Kind = FailureKind.Refused,
        };
    }

    /// <summary>Tells the process to begin.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync("begin".AsMemory(), ct);
            await _process.StandardInput.FlushAsync(ct);
        }
        catch (IOException)
        {
            // It has ended, as whoever reads its output will find.
        }
    }

    /// <summary>Reads and discards the further output: a full pipe would block the process.</summary>
    public void Ignore() => _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);

    /// <summary>Lets the process write out its data and end, and kills it if it does not.</summary>
    public async Task EndAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before reading all of its input.
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
