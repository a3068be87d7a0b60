using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary>The options that say which service a command talks to.</summary>
internal sealed class ServiceOptions(CommandEnvironment environment)
{
    private readonly Option<string?> _baseUrl = new("--base-url")
    {
        Description = "The service's address, with its version; overrides OPENAI_BASE_URL.",
        HelpName = "URL",
    };

    // No option takes the key itself: other users of the machine see command lines.
    private readonly Option<FileInfo?> _keyFile = new("--api-key-file")
    {
        Description = "A file that contains the API key; overrides OPENAI_API_KEY.",
        HelpName = "FILE",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_baseUrl);
        command.Add(_keyFile);
    }

    /// <summary>Makes a client for the service.</summary>
    /// <exception cref="FailureException">There is no key, or the URL or the key is invalid.</exception>
    public ApiClient Open(ParseResult parsed) => new(AddressIn(parsed), environment.Times);

    /// <summary>Makes a client for the service's webhooks.</summary>
    /// <inheritdoc cref="Open"/>
    public WebhookClient OpenWebhooks(ParseResult parsed) => new(AddressIn(parsed), environment.Times);

    /// <summary>The options once more, for a command that the user is told to run next.</summary>
    public string Again(ParseResult parsed) => string.Concat(
        parsed.GetValue(_baseUrl) is { } url ? $" --base-url {ShellText.Quoted(url)}" : "",
        parsed.GetValue(_keyFile) is { } file ? $" --api-key-file {ShellText.Quoted(file.ToString())}" : "");

    private ServiceAddress AddressIn(ParseResult parsed) =>
        ServiceAddress.Read(environment.Variable, parsed.GetValue(_baseUrl), parsed.GetValue(_keyFile));
}
