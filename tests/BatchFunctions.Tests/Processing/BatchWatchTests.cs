using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace BatchFunctions.Tests.Processing;

public sealed class BatchWatchTests : IDisposable
{
    private static readonly BatchKey One = new("local", "batch_1");
    private static readonly BatchKey Other = new("local", "batch_2");

    private readonly FakeTimeProvider _time = new();
    private readonly BatchWatch _watch;

    public BatchWatchTests() => _watch = new BatchWatch(
        new BatchStore(Mock.Of<TableClient>(), null!, NullLogger<BatchStore>.Instance), Options.Create(new BatchOptions()), _time);

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Counts_are_updated_now_and_then()
    {
        Assert.True(_watch.TryTakeProgressTurn(One));
        Assert.False(_watch.TryTakeProgressTurn(One));
        Assert.True(_watch.TryTakeProgressTurn(Other));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(_watch.TryTakeProgressTurn(One));
    }

    [Fact]
    public void Lines_that_were_committed_between_two_turns_are_counted_at_the_next_though_no_other_follows()
    {
        Assert.True(_watch.TryTakeProgressTurn(One));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(_watch.TryTakeProgressTurn(One));
        Assert.False(_watch.TryTakeOwedTurn(One));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(_watch.TryTakeOwedTurn(One));

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(_watch.TryTakeOwedTurn(One));
    }

    [Fact]
    public void A_turn_that_came_to_nothing_is_owed()
    {
        Assert.True(_watch.TryTakeProgressTurn(One));
        _watch.Owe(One);
        Assert.False(_watch.TryTakeOwedTurn(One));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(_watch.TryTakeOwedTurn(One));
    }
}
