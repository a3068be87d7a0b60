using BatchFunctions.Keys;

namespace BatchFunctions.Tests.Keys;

public sealed class KeyFormTests
{
    [Fact]
    public void A_new_key_has_its_checksum_and_no_text_beside_it_does()
    {
        var key = KeyForm.New();

        Assert.Matches("^sk-[A-Za-z0-9]{54}$", key);
        Assert.True(KeyForm.HasChecksum(key));
        Assert.True(ApiKeyStore.IsKey(key));
        for (var i = 0; i < key.Length; i++)
        {
            var other = key[..i] + (key[i] == 'a' ? 'b' : 'a') + key[(i + 1)..];
            Assert.False(ApiKeyStore.IsKey(other), $"Another character at {i} is taken for a key.");
        }
    }

    [Fact]
    public void The_checksum_stays_what_it_was() =>
        Assert.True(KeyForm.HasChecksum("sk-" + new string('a', 48) + "BpQRbt"));

    [Theory]
    [InlineData(47, false)]
    [InlineData(48, true)]
    [InlineData(49, false)]
    [InlineData(54, false)]
    public void A_key_of_before_is_told_by_its_length(int characters, bool isKey) =>
        Assert.Equal(isKey, ApiKeyStore.IsKey("sk-" + new string('a', characters)));

    [Theory]
    [InlineData("")]
    [InlineData("sk-")]
    [InlineData("SK-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")]
    [InlineData("sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé")]
    public void Anything_else_is_none(string text) => Assert.False(ApiKeyStore.IsKey(text));
}
