using System.Reflection;

namespace BatchFunctions.Infra.Tests;

/// <summary>The files that the tests read.</summary>
internal static class Repository
{
    /// <summary>The directory that the solution lies in.</summary>
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>Where a file of the repository lies.</summary>
    public static string File(string path) => Path.Combine(Root, path);

    /// <summary>What the build said about itself.</summary>
    public static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
