using BatchFunctions.Fleet;

namespace BatchFunctions.Tests.Fleet;

public sealed class WaterFillTests
{
    [Fact]
    public void Nobody_has_more_than_they_want_and_what_is_left_goes_to_the_others() =>
        Assert.Equal([2, 31, 31], WaterFill.Of(64, [(2, 1), (100, 1), (100, 1)]));

    [Fact]
    public void What_is_short_is_shared_by_weight() =>
        Assert.Equal([48, 16], WaterFill.Of(64, [(1000, 3), (1000, 1)]));

    [Fact]
    public void Where_there_is_enough_all_have_what_they_want() =>
        Assert.Equal([5, 0, 7], WaterFill.Of(64, [(5, 1), (0, 1), (7, 9)]));

    [Fact]
    public void Whole_parts_add_up_to_the_whole()
    {
        var parts = WaterFill.Of(64, [(100, 1), (100, 1), (100, 1)]);

        Assert.Equal([22, 21, 21], WaterFill.Whole(parts));
        Assert.Equal([1, 0, 0], WaterFill.Whole(WaterFill.Of(1, [(9, 1), (9, 1), (9, 1)])));
    }
}
