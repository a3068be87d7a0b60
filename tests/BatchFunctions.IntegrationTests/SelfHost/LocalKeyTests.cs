using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Keys;

namespace BatchFunctions.IntegrationTests.SelfHost;

/// <summary>The key that the self-host makes for itself.</summary>
public sealed class LocalKeyTests : IDisposable
{
    private readonly DataFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task None_is_made_while_its_project_is_being_erased()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var (keys, projects) = (api.Get<ApiKeyStore>(), api.Get<ProjectStore>());
        var first = await LocalKey.EnsureAsync(keys, projects, _data.Path, default);
        Assert.Equal(first, await LocalKey.EnsureAsync(keys, projects, _data.Path, default));

        await projects.BeginErasureAsync("local", DateTimeOffset.UtcNow, default);
        await keys.RevokeAllAsync("local", default);

        var refusal = await Assert.ThrowsAsync<StartupException>(() => LocalKey.EnsureAsync(keys, projects, _data.Path, default));
        Assert.Contains("'local' is being erased", refusal.Message, StringComparison.Ordinal);
        Assert.False(await keys.ListAsync(default).AnyAsync(key => key.Project == "local" && key.RevokedAt is null));
    }

    [Fact]
    public async Task None_is_made_that_cannot_be_kept()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        Directory.CreateDirectory(Path.Combine(_data.Path, "local-key"));
        var keys = api.Get<ApiKeyStore>();
        var before = await keys.ListAsync(default).CountAsync();

        var refusal = await Assert.ThrowsAsync<StartupException>(() => LocalKey.EnsureAsync(keys, api.Get<ProjectStore>(), _data.Path, default));

        Assert.Matches("^The key of the project 'local' cannot be kept: .*local-key.* Make one with 'keys add --project local'\\.$", refusal.Message);
        Assert.Equal(before, await keys.ListAsync(default).CountAsync());
    }
}
