using BatchFunctions.Memory;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Memory;

public sealed class MemoryReturnTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ByteBudget _budget = new(1L << 30);

    [Theory]
    [InlineData(64L * 1024 * 1024, 1)]
    [InlineData(1024, 0)]
    public async Task Memory_is_given_back_once_when_nothing_is_held_any_more_after_a_peak(long peak, int returns)
    {
        using var giving = new MemoryReturn(_budget, _time);
        await giving.StartAsync(default);
        var share = await _budget.TakeAsync(peak, default);
        Rest(3);
        Assert.Equal(0, giving.Returns);

        share.Dispose();
        Rest(1);
        Assert.Equal(0, giving.Returns);
        Rest(10);
        Assert.Equal(returns, giving.Returns);
    }

    [Theory]
    [InlineData(null, 384L << 20, 154)]
    [InlineData(null, 16L << 30, 192)]
    [InlineData(null, 10L << 20, 16)]
    [InlineData(1L << 30, 384L << 20, 1024)]
    public void What_may_be_held_follows_what_is_there_unless_it_is_set(long? setting, long available, int mebibytes) =>
        Assert.Equal(mebibytes, (int)Math.Round(ProcessMemory.BudgetOf(setting, available) / 1048576.0));

    private void Rest(int looks)
    {
        for (var look = 0; look < looks; look++)
        {
            _time.Advance(MemoryReturn.Rest);
        }
    }
}
