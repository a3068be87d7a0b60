using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Configuration;

/// <summary>
/// <c>host.json</c> as both hosts read it: the file beside the binaries, and above it the settings that override it, for instance
/// <c>AzureFunctionsJobHost__functionTimeout</c> (https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values).
/// </summary>
public static class HostFile
{
    /// <summary>The section of the settings that override the file.</summary>
    public const string Overrides = "AzureFunctionsJobHost";

    /// <summary>The file's setting for the time limit of a function's run; <c>-1</c> for none.</summary>
    public const string FunctionTimeout = "functionTimeout";

    /// <summary>The setting that overrides it, and that the service's own times are checked against.</summary>
    internal const string FunctionTimeoutSetting = Overrides + ":" + FunctionTimeout;

    /// <summary>The time limit where neither file nor settings have one, as in the Functions host.</summary>
    public static TimeSpan DefaultFunctionTimeout { get; } = TimeSpan.FromMinutes(30);

    /// <summary>Where the file lies: the builds of both hosts, and what is published of them, have it beside the binaries.</summary>
    public static string Place { get; } = Path.Combine(AppContext.BaseDirectory, "host.json");

    /// <summary>What the file says, and above it what the settings say.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">The host's settings.</param>
    /// <returns>The file's settings by their own names.</returns>
    /// <exception cref="FileNotFoundException">There is no file.</exception>
    /// <exception cref="InvalidDataException">It is not valid JSON.</exception>
    public static IConfiguration Read(string path, IConfiguration settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new ConfigurationBuilder()
            .AddJsonFile(Path.GetFullPath(path))
            .AddInMemoryCollection(settings.GetSection(Overrides).AsEnumerable(makePathsRelative: true))
            .Build();
    }

    /// <summary>
    /// Tells the settings the time limit that holds, which is in the file unless they name another: the service checks its own
    /// times against it when it starts.
    /// </summary>
    /// <param name="configuration">The host's settings.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no file.</exception>
    /// <exception cref="InvalidDataException">It is not valid JSON.</exception>
    public static void AddHostTimeout(this IConfigurationManager configuration, string path)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var timeout = Read(path, configuration)[FunctionTimeout];
        configuration.AddInMemoryCollection([new(
            FunctionTimeoutSetting, string.IsNullOrEmpty(timeout) ? DefaultFunctionTimeout.ToString("c") : timeout)]);
    }
}
