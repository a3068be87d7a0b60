namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>An empty folder that goes with the test.</summary>
internal sealed class DataFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("batchfunctions-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
