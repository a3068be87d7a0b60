using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

/// <summary>Whose line is next: by project, then by batch, then by chunk.</summary>
public sealed class GateFairnessTests : IAsyncLifetime
{
    private const int Places = 8;

    private readonly List<(string Name, GateTurn Turn, Task<GateAnswer> Place)> _lines = [];
    private UpstreamFixture _fixture = null!;

    public async Task InitializeAsync() =>
        _fixture = await UpstreamFixture.StartAsync(configure: options => options.Concurrency = "8");

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task A_project_that_comes_behind_a_giant_has_half_of_the_places_as_they_come_back()
    {
        Ask(_fixture.Join("giant", "a", 0, 100), "giant", 100);
        Ask(_fixture.Join("small", "b", 0, 100), "small", 100);
        Assert.Equal(["giant", "giant", "giant", "giant", "giant", "giant", "giant", "giant"], InFlight());

        await ReturnAsync(Places / 2);

        Assert.Equal(Places / 2, InFlight().Count(name => name == "small"));
        for (var round = 0; round < 20; round++)
        {
            await ReturnAsync(1);
            Assert.InRange(InFlight().Count(name => name == "small"), (Places / 2) - 1, (Places / 2) + 1);
        }
    }

    [Fact]
    public async Task What_one_project_does_not_use_another_has()
    {
        Ask(_fixture.Join("giant", "a", 0, 100), "giant", 100);
        Ask(_fixture.Join("small", "b", 0, 2), "small", 2);

        await ReturnAsync(Places);

        Assert.Equal(2, InFlight().Count(name => name == "small"));
        Assert.Equal(Places, InFlight().Length);
    }

    [Fact]
    public async Task A_project_of_three_times_the_weight_has_three_times_the_places()
    {
        Ask(_fixture.Join("heavy", "a", 0, 100, weight: 3), "heavy", 100);
        Ask(_fixture.Join("light", "b", 0, 100), "light", 100);

        await ReturnAsync(40);

        Assert.Equal(6, InFlight().Count(name => name == "heavy"));
    }

    [Fact]
    public async Task The_batches_of_a_project_take_turns()
    {
        Ask(_fixture.Join("project", "a", 0, 100), "a", 100);
        Ask(_fixture.Join("project", "b", 0, 100), "b", 100);
        Ask(_fixture.Join("project", "c", 0, 100), "c", 100);
        Ask(_fixture.Join("project", "d", 0, 100), "d", 100);

        await ReturnAsync(40);

        Assert.All(InFlight().CountBy(name => name), each => Assert.Equal(Places / 4, each.Value));
    }

    [Fact]
    public async Task Of_a_projects_batches_the_earlier_deadline_goes_first()
    {
        Ask(_fixture.Join("project", "a", 0, 100), "a day", 100);
        Ask(_fixture.Join("project", "b", 0, 100, left: TimeSpan.FromHours(1)), "an hour", 100);
        Ask(_fixture.Join("project", "c", 0, 100, left: TimeSpan.FromHours(2)), "two hours", 100);
        Ask(_fixture.Join("other", "d", 0, 100), "another project's", 100);

        await ReturnAsync(40);

        // An hour and two are as urgent, and take turns; what another project has is its own.
        Assert.Equal(
            [("an hour", Places / 4), ("another project's", Places / 2), ("two hours", Places / 4)],
            InFlight().CountBy(name => name).Select(each => (each.Key, each.Value)).Order());
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(10, 0)]
    [InlineData(11, 1)]
    [InlineData(39, 1)]
    [InlineData(41, 2)]
    [InlineData(159, 2)]
    [InlineData(12 * 60, 4)]
    [InlineData(24 * 60, 4)]
    [InlineData(7 * 24 * 60, 5)]
    public void Urgency_goes_by_powers_of_four_of_the_time_left(int minutes, int urgency)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(urgency, new BatchAtGate(new("p", "b"), null, now.AddMinutes(minutes)).UrgencyAt(now));
    }

    [Fact]
    public async Task Of_a_batchs_chunks_the_first_goes_first()
    {
        var second = _fixture.Join("project", "a", 1, 10);
        Ask(second, "chunk 1", Places + 2);
        Ask(_fixture.Join("project", "a", 0, 10), "chunk 0", 10);

        await ReturnAsync(Places);

        Assert.All(InFlight(), name => Assert.Equal("chunk 0", name));
    }

    [Fact]
    public async Task One_place_goes_from_project_to_project()
    {
        _fixture.Options.Concurrency = "1";
        Ask(_fixture.Join("giant", "a", 0, 100), "giant", 20);
        Ask(_fixture.Join("small", "b", 0, 100), "small", 10);
        var order = new List<string>();
        while (InFlight() is [var name])
        {
            order.Add(name);
            await ReturnAsync(1);
        }

        Assert.Equal(30, order.Count);
        Assert.Equal(10, order.Take(21).Count(name => name == "small"));
    }

    [Fact]
    public async Task What_is_in_flight_and_what_waits_can_be_read()
    {
        Ask(_fixture.Join("giant", "a", 0, 100), "giant", Places + 2);
        Ask(_fixture.Join("small", "b", 0, 3), "small", 1);

        var full = _fixture.Gate.Read();
        await ReturnAsync(2);

        Assert.Equal((Places, Places, Places), (full.Share, full.Limit, full.InFlight));
        Assert.Equal([new("giant", null, 100 - Places), new("small", null, 3)], full.Waiting);
        Assert.Equal([new("giant", null, 100 - Places - 1), new("small", null, 2)], _fixture.Gate.Read().Waiting);
    }

    [Fact]
    public async Task A_suspect_that_waits_is_something_to_send()
    {
        using var turn = _fixture.Join("project", "a", 0, 1);
        var place = (await _fixture.Gate.EnterAsync(turn, 0, leadsChunk: true, default)).Place!;
        var suspect = _fixture.Gate.EnterAsync(turn, 1, leadsChunk: false, default);
        Assert.Equal((1, 1, 2), (turn.Batch.Project.InFlight, turn.Batch.Project.Unsent, turn.Batch.Project.Demand.Lines));

        place.Dispose();

        Assert.Equal((1, 0), (turn.Batch.Project.InFlight, turn.Batch.Project.Unsent));
        (await suspect).Place!.Dispose();
        Assert.Equal(0, turn.Batch.Project.Demand.Lines);
    }

    [Fact]
    public async Task What_has_left_is_forgotten()
    {
        var turn = _fixture.Join("project", "a", 0, 5);
        Ask(turn, "line", 3);
        await ReturnAsync(3);
        var project = turn.Batch.Project;
        Assert.Equal((0, 2), (project.InFlight, project.Unsent));

        turn.Dispose();

        Assert.Equal(0, project.Unsent);
        using var again = _fixture.Join("project", "a", 0, 5);
        Assert.NotSame(project, again.Batch.Project);
    }

    private void Ask(GateTurn turn, string name, int lines)
    {
        for (var line = 0; line < lines; line++)
        {
            _lines.Add((name, turn, _fixture.Gate.EnterAsync(turn, 0, leadsChunk: true, default)));
        }
    }

    private string[] InFlight() => [.. _lines.Where(line => line.Place.IsCompletedSuccessfully).Select(line => line.Name)];

    /// <summary>Gives places back, those that were given out first.</summary>
    private async Task ReturnAsync(int places)
    {
        for (var place = 0; place < places; place++)
        {
            var first = _lines.Where(line => line.Place.IsCompletedSuccessfully).MinBy(line => line.Place.Result.Place!.Number);
            _lines.Remove(first);
            (await first.Place).Place!.Dispose();
        }
    }
}
