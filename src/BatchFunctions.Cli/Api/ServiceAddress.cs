namespace BatchFunctions.Cli.Api;

/// <summary>The service's base URL and key, from the environment variables that every OpenAI client reads.</summary>
/// <param name="BaseUrl">The base URL, with its version (<c>/v1</c>) and a slash at the end.</param>
/// <param name="Key">The API key.</param>
/// <param name="Organization">Sent as <c>OpenAI-Organization</c> if set.</param>
/// <param name="Project">Sent as <c>OpenAI-Project</c> if set.</param>
internal sealed record ServiceAddress(Uri BaseUrl, string Key, string? Organization, string? Project)
{
    private const string DefaultBaseUrl = "https://api.openai.com/v1";
    private const string BaseUrlVariable = "OPENAI_BASE_URL";
    private const string KeyVariable = "OPENAI_API_KEY";

    /// <summary>Reads the environment; the options take precedence.</summary>
    /// <exception cref="FailureException">There is no key, or the URL or the key is invalid.</exception>
    public static ServiceAddress Read(Func<string, string?> variable, string? baseUrl, FileInfo? keyFile)
    {
        string? Set(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
        var url = baseUrl ?? Set(BaseUrlVariable) ?? DefaultBaseUrl;
        if (!Uri.TryCreate(url.TrimEnd('/') + '/', UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new FailureException(
                $"'{url}' is no address of a service: set {BaseUrlVariable} (or --base-url) to one such as http://127.0.0.1:7071/v1.",
                ExitCodes.Usage);
        }

        var key = keyFile is null ? Set(KeyVariable) : KeyIn(keyFile);
        if (key is null)
        {
            throw new FailureException(
                $"There is no API key: set {KeyVariable} (to any text if the service needs none), or name a file that contains it with --api-key-file.",
                ExitCodes.Usage);
        }

        if (key.Any(character => character is <= ' ' or > '~'))
        {
            throw new FailureException(
                "The API key contains characters that no key has: copy it again, without quotes, spaces or line breaks.", ExitCodes.Usage);
        }

        return new ServiceAddress(uri, key, Set("OPENAI_ORG_ID"), Set("OPENAI_PROJECT_ID"));
    }

    private static string? KeyIn(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName).Trim() is { Length: > 0 } key ? key : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"The key file cannot be read: {e.Message} Correct --api-key-file.", ExitCodes.Usage, e);
        }
    }
}
