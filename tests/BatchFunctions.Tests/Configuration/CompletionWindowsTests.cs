using BatchFunctions.Configuration;

namespace BatchFunctions.Tests.Configuration;

public sealed class CompletionWindowsTests
{
    [Theory]
    [InlineData("10m", 10)]
    [InlineData("90m", 90)]
    [InlineData("24h", 24 * 60)]
    [InlineData("7d", 7 * 24 * 60)]
    public void A_window_is_minutes_hours_or_days(string text, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), CompletionWindows.LengthOf(text));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("24")]
    [InlineData("0h")]
    [InlineData("-1h")]
    [InlineData("1.5h")]
    [InlineData("24H")]
    [InlineData(" 24h")]
    [InlineData("24h\n")]
    [InlineData("999999d")]
    [InlineData("٢٤h")]
    public void Anything_else_is_none(string text) => Assert.Null(CompletionWindows.LengthOf(text));

    [Theory]
    [InlineData("10m-7d", "'10m' to '7d'", "10m 24h 1d 7d", "9m 169h 8d")]
    [InlineData("24h", "'24h'", "24h 1d 1440m", "23h 25h")]
    [InlineData("1h, 24h ,2d-7d", "'1h', '24h', '2d' to '7d'", "1h 60m 24h 2d 72h 7d", "2h 47h")]
    public void Windows_and_ranges_are_included(string setting, string shown, string included, string not)
    {
        var windows = CompletionWindows.Parse(setting)!;
        Assert.Equal(shown, windows.ToString());
        Assert.All(included.Split(' '), window => Assert.True(windows.Include(CompletionWindows.LengthOf(window)!.Value), window));
        Assert.All(not.Split(' '), window => Assert.False(windows.Include(CompletionWindows.LengthOf(window)!.Value), window));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("9m")]
    [InlineData("8d")]
    [InlineData("7d-10m")]
    [InlineData("1h-2h-3h")]
    [InlineData("daily")]
    public void What_is_no_list_of_them_is_refused(string setting) => Assert.Null(CompletionWindows.Parse(setting));
}
