using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace BatchFunctions.IntegrationTests;

/// <summary>What the .NET processes that tests start have in common.</summary>
internal static class ChildRuntime
{
    /// <summary>
    /// They live for seconds, of which a third of the processor time would go into optimising code for later. The runtime of this process has
    /// read its own settings by now.
    /// </summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "No program uses these tests as a library.")]
    internal static void OptimiseLittle()
    {
        Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
        Environment.SetEnvironmentVariable("DOTNET_TC_CallCountThreshold", "1000");
    }
}
