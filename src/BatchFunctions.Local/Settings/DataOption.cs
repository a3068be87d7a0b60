using System.CommandLine;

namespace BatchFunctions.SelfHost.Settings;

/// <summary>The option <c>--data</c>.</summary>
internal static class DataOption
{
    /// <summary>Creates the option, which says where the embedded storage keeps its data.</summary>
    public static Option<string> Create() => new("--data")
    {
        Description = "Where the embedded storage keeps its data.",
        DefaultValueFactory = _ => SelfHostSettings.DefaultDataFolder,
        Recursive = true,
    };
}
