using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Input;

namespace BatchFunctions.Cli.Commands;

/// <summary>The argument and options that a batch is created from.</summary>
internal sealed class CreationOptions
{
    private readonly Argument<FileInfo> _file = CommonArguments.Requests(
        "Requests, one per line (JSONL); also compressed (.jsonl.gz), where the service unpacks them; - is standard input.");

    private readonly Option<string?> _endpoint = new("--endpoint")
    {
        Description = "The endpoint of the requests, for instance /v1/chat/completions. [default: the url of the first line]",
        HelpName = "PATH",
    };

    private readonly Option<string[]> _metadata = new("--metadata")
    {
        Description = "Metadata of the batch; may be given more than once.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string> _window = new("--completion-window")
    {
        Description = "How long the batch may take.",
        HelpName = "TIME",
        DefaultValueFactory = _ => "24h",
    };

    private readonly Option<bool> _parts = new("--parts")
    {
        Description = "Uploads in parts of 8 MB (POST /v1/uploads), for services that accept no file this large in one request, or at a high price.",
    };

    /// <summary>Adds the argument and the options to a command.</summary>
    public void AddTo(Command command)
    {
        MetadataPairs.Check(_metadata);
        command.Add(_file);
        command.Add(_endpoint);
        command.Add(_metadata);
        command.Add(_window);
        command.Add(_parts);
    }

    /// <summary>Opens the file of requests.</summary>
    /// <exception cref="FailureException">The file cannot be read, is empty, or is not JSONL.</exception>
    public async Task<InputFile> OpenInputAsync(ParseResult parsed, CommandEnvironment environment, CancellationToken ct)
    {
        var input = await InputFile.OpenAsync(parsed.GetValue(_file)!, environment.StandardInput, ct);
        if (!input.IsPacked || !InParts(parsed))
        {
            return input;
        }

        input.Dispose();
        throw new FailureException($"{input.Name} is compressed, and parts are not unpacked: leave --parts out, or unpack it first.", ExitCodes.Usage);
    }

    /// <summary>The endpoint: the option's value, or else the URL of the first line.</summary>
    /// <exception cref="FailureException">There is neither.</exception>
    public string EndpointOf(ParseResult parsed, InputFile input) => parsed.GetValue(_endpoint) ?? input.FirstUrl();

    /// <summary>Whether to upload the file in parts.</summary>
    public bool InParts(ParseResult parsed) => parsed.GetValue(_parts);

    /// <summary>The body of the request to create the batch.</summary>
    public BatchRequest Request(ParseResult parsed, string file, string endpoint)
    {
        var notes = MetadataPairs.Of(parsed.GetValue(_metadata)!);
        return new BatchRequest(file, endpoint, parsed.GetValue(_window)!, notes.Count > 0 ? notes : null);
    }
}
