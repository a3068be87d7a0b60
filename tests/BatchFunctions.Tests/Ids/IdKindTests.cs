using BatchFunctions.Ids;
using CsCheck;

namespace BatchFunctions.Tests.Ids;

/// <summary>Ids and the row keys that they are.</summary>
public sealed class IdKindTests
{
    private static readonly Gen<string> Digits =
        Gen.Long[0, 0xe677d21fdbff].Select(Gen.Char["0123456789abcdef"].Array[20], (time, digits) => $"{time:x12}{new string(digits)}");

    private static readonly Gen<DateTimeOffset> Times =
        Gen.Long[0, 0xffffffffffff / 200].Select(DateTimeOffset.FromUnixTimeMilliseconds);

    [Fact]
    public void An_id_becomes_a_row_key_and_comes_back() => Digits.Sample(digits =>
    {
        var id = IdKind.Batch.Prefix + digits;
        Assert.True(IdKind.Batch.IsValid(id));
        var rowKey = IdKind.Batch.RowKeyOf(id);
        Assert.Matches("^[0-9a-f]{32}$", rowKey);
        Assert.Equal(id, IdKind.Batch.IdOf(rowKey));
        Assert.InRange(IdKind.Batch.CreatedAt(id), DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
    });

    [Fact]
    public void Row_keys_run_the_other_way_than_ids() => Digits.Select(Digits).Sample((left, right) =>
        Assert.Equal(
            Math.Sign(string.CompareOrdinal(left, right)),
            Math.Sign(string.CompareOrdinal(
                IdKind.File.RowKeyOf(IdKind.File.Prefix + right), IdKind.File.RowKeyOf(IdKind.File.Prefix + left)))));

    [Fact]
    public void A_later_id_has_a_smaller_row_key_and_keeps_its_time() => Times.Select(Times).Sample((left, right) =>
    {
        var a = IdKind.Batch.New(left);
        var b = IdKind.Batch.New(right);
        Assert.Equal(left, IdKind.Batch.CreatedAt(a));
        if (left != right)
        {
            Assert.Equal(left < right, string.CompareOrdinal(IdKind.Batch.RowKeyOf(a), IdKind.Batch.RowKeyOf(b)) > 0);
        }
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("batch_")]
    [InlineData("batch_0000000000000000000000000000000")]
    [InlineData("batch_000000000000000000000000000000000")]
    [InlineData("batch_0000000000000000000000000000000A")]
    [InlineData("batch_0000000000000000000000000000000g")]
    [InlineData("BATCH_00000000000000000000000000000000")]
    [InlineData("file-00000000000000000000000000000000")]
    [InlineData("batch_0000000000000000000000000000000\n")]
    [InlineData("batch_e677d21fdc0000000000000000000000")]
    [InlineData("batch_ffffffffffffffffffffffffffffffff")]
    public void What_is_no_id_is_told(string? text) => Assert.False(IdKind.Batch.IsValid(text));

    [Fact]
    public void An_id_may_have_any_time_that_there_is()
    {
        const string last = "batch_e677d21fdbffffffffffffffffffffff";
        Assert.True(IdKind.Batch.IsValid(last));
        Assert.Equal(9999, IdKind.Batch.CreatedAt(last).Year);
    }
}
