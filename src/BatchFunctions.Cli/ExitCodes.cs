namespace BatchFunctions.Cli;

/// <summary>The exit codes of the commands. Scripts rely on them, so they must not change.</summary>
internal static class ExitCodes
{
    /// <summary>Done; a batch has completed, and all of its lines have succeeded.</summary>
    public const int Done = 0;

    /// <summary>The batch has completed, and some of its lines have failed.</summary>
    public const int LinesFailed = 1;

    /// <summary>The command, its options, its file of requests or the environment are wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>The batch has failed, normally because its input was not valid; or it would.</summary>
    public const int BatchFailed = 3;

    /// <summary>The batch was cancelled, or has expired.</summary>
    public const int BatchStopped = 4;

    /// <summary>The service (for keys and projects, the storage) cannot be reached, or refuses.</summary>
    public const int Refused = 5;

    /// <summary>A local file cannot be written, or not be read to its end.</summary>
    public const int LocalFile = 6;

    /// <summary>The batch still runs, and its results so far were downloaded.</summary>
    public const int SoFar = 7;

    /// <summary>Ctrl-C; a batch that was created goes on.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit codes, for the help text.</summary>
    public const string Help = """
        Exit codes:
          0    done; the batch completed, and every line succeeded
          1    the batch completed, and some lines failed
          2    the command, its options, its file of requests or the environment are wrong; nothing was sent
          3    the batch failed, or would: its input is not valid
          4    the batch was cancelled, or expired
          5    the service cannot be reached, or refuses
          6    a local file cannot be written, or not be read to its end
          7    the batch still runs: its results so far were downloaded
          130  interrupted; a batch that was created keeps running
        """;
}
