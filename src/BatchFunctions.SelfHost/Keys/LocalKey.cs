using BatchFunctions.Keys;

namespace BatchFunctions.SelfHost.Keys;

/// <summary>
/// The key of the project <c>local</c>. The embedded storage's data folder keeps it, readable only by its owner, so
/// that it can be printed again. Keys of a real account are never stored.
/// </summary>
internal static class LocalKey
{
    private const string Project = "local";
    private const string FileName = "local-key";

    public static async Task<string> EnsureAsync(ApiKeyStore keys, string dataFolder, CancellationToken ct)
    {
        var path = Path.Combine(dataFolder, FileName);
        if (File.Exists(path))
        {
            var kept = (await File.ReadAllTextAsync(path, ct)).Trim();
            if (ApiKeyStore.IsKey(kept) && await keys.FindAsync(kept, ct) is { RevokedAt: null })
            {
                return kept;
            }
        }

        var made = await keys.CreateAsync(Project, "made at the first start", ct);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new StreamWriter(path, options);
        await file.WriteLineAsync(made.Key.AsMemory(), ct);
        return made.Key;
    }
}
