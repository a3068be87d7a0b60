using Azure;
using Azure.Data.Tables;
using BatchFunctions.Configuration;
using BatchFunctions.Projects;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace BatchFunctions.Tests.Projects;

public sealed class ProjectReaderTests : IDisposable
{
    private static readonly ProjectLimits Defaults = new(1, 7, 700, 16L << 30, ProjectRole.None);

    private readonly FakeTimeProvider _time = new();
    private readonly RareLog _rare;
    private readonly ProjectReader _reader;
    private Func<Task<TableEntity?>> _row = () => Task.FromResult<TableEntity?>(null);
    private int _reads;

    public ProjectReaderTests()
    {
        var table = new Mock<TableClient>();
        table.Setup(t => t.GetEntityIfExistsAsync<TableEntity>(
                It.IsAny<string>(), It.IsAny<string>(), It.IsAny<IEnumerable<string>>(), It.IsAny<CancellationToken>()))
            .Returns(ReadAsync);
        var tables = new Mock<TableServiceClient>();
        tables.Setup(t => t.GetTableClient(TableNames.Projects)).Returns(table.Object);
        _rare = new RareLog(_time);
        _reader = new ProjectReader(
            new ProjectStore(tables.Object),
            _rare,
            Options.Create(new BatchOptions { Quota = new QuotaOptions { MaxBatches = 7, MaxLines = 700 } }),
            _time,
            NullLogger<ProjectReader>.Instance);
    }

    public void Dispose() => _rare.Dispose();

    [Fact]
    public async Task A_project_without_a_row_has_the_defaults_and_what_is_set_replaces_them_one_by_one()
    {
        Assert.Equal(Defaults, await LimitsAsync());

        Set(("MaxLines", 5L), ("Role", "operator"));
        _time.Advance(ProjectReader.Age);

        Assert.Equal(Defaults with { MaxLines = 5, Role = ProjectRole.Operator }, await LimitsAsync());
        Assert.True(await _reader.IsOperatorAsync("team-a", CancellationToken.None));
    }

    [Fact]
    public async Task A_project_is_read_once_in_half_a_minute_however_many_ask()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => LimitsAsync()));
        Set(("Weight", 9));
        _time.Advance(ProjectReader.Age - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, (await LimitsAsync()).Weight);
        Assert.Equal(1, _reads);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(9, (await LimitsAsync()).Weight);
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task While_storage_fails_what_was_known_last_holds()
    {
        Set(("Weight", 9));
        await LimitsAsync();

        _row = () => throw new RequestFailedException(503, "Away.");
        _time.Advance(ProjectReader.Age);
        Assert.Equal(9, (await LimitsAsync()).Weight);

        // It is asked again soon, but not by everybody at once.
        await LimitsAsync();
        Assert.Equal(2, _reads);
        Set(("Weight", 10));
        _time.Advance(ProjectReader.Patience);
        Assert.Equal(10, (await LimitsAsync()).Weight);
    }

    [Fact]
    public async Task Where_nothing_was_known_the_defaults_hold_and_nobody_is_taken_for_an_operator_or_for_none()
    {
        _row = () => throw new RequestFailedException(503, "Away.");

        Assert.Equal(Defaults, await LimitsAsync());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _reader.IsOperatorAsync("team-a", CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task A_row_of_a_newer_version_counts_as_one_that_cannot_be_read()
    {
        Set(("Weight", 9), ("Version", 3));

        Assert.Equal(Defaults, await LimitsAsync());
    }

    [Fact]
    public async Task Storage_that_hangs_keeps_nobody_for_long()
    {
        var answer = new TaskCompletionSource<TableEntity?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _row = () =>
        {
            asked.SetResult();
            return answer.Task;
        };
        var first = LimitsAsync();
        await asked.Task;
        _time.Advance(ProjectReader.Patience);
        Assert.Equal(Defaults, await first);

        // Whoever comes later does not wait at all, and starts no second look.
        Assert.Equal(Defaults, await LimitsAsync());
        Assert.Equal(1, _reads);
    }

    private Task<ProjectLimits> LimitsAsync() => _reader.LimitsOfAsync("team-a", CancellationToken.None).AsTask();

    private void Set(params (string Column, object Value)[] columns)
    {
        var row = new TableEntity("project", "team-a");
        foreach (var (column, value) in columns)
        {
            row[column] = value;
        }

        _row = () => Task.FromResult<TableEntity?>(row);
    }

    private async Task<NullableResponse<TableEntity>> ReadAsync()
    {
        Interlocked.Increment(ref _reads);
        var row = await _row();
        var response = new Mock<NullableResponse<TableEntity>>();
        response.Setup(r => r.HasValue).Returns(row is not null);
        response.Setup(r => r.Value).Returns(row!);
        return response.Object;
    }
}
