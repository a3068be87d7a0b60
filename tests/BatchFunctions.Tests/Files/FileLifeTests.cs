using BatchFunctions.Files;

namespace BatchFunctions.Tests.Files;

public sealed class FileLifeTests
{
    private static readonly DateTimeOffset Created = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void A_batch_input_lives_for_thirty_days_unless_asked_otherwise()
    {
        Assert.Equal(Created.AddDays(30), FileLife.ExpiresAt(Created, "batch", null));
        Assert.Equal(Created.AddHours(1), FileLife.ExpiresAt(Created, "batch", 3600));
    }

    [Fact]
    public void Other_files_are_kept_unless_asked_otherwise_and_looked_at_after_a_day()
    {
        Assert.Null(FileLife.ExpiresAt(Created, "user_data", null));
        Assert.Equal(Created.AddHours(1), FileLife.ExpiresAt(Created, "user_data", 3600));
        Assert.Equal(Created.AddDays(1), FileLife.DueOf(Created, null));
        Assert.Equal(Created.AddHours(1), FileLife.DueOf(Created, Created.AddHours(1)));
    }
}
