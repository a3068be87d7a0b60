using BatchFunctions.Files;

namespace BatchFunctions.Tests.Files;

public sealed class FileNameTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/..")]
    [InlineData("a/")]
    [InlineData("\\")]
    [InlineData("\u0000\r\n\t")]
    public void What_names_no_file_is_no_filename(string name) => Assert.Null(FileName.Clean(name));

    [Theory]
    [InlineData("a.jsonl", "a.jsonl")]
    [InlineData("/etc/a b.jsonl", "a b.jsonl")]
    [InlineData("a\u0000b\nc\u007f.jsonl", "abc.jsonl")]
    [InlineData(" .hidden ", ".hidden")]
    public void A_filename_is_the_last_part_without_control_characters(string name, string clean) =>
        Assert.Equal(clean, FileName.Clean(name));

    [Fact]
    public void A_long_name_is_cut_between_characters()
    {
        var name = FileName.Clean(new string('x', FileName.MaxLength - 1) + "😀");

        Assert.Equal(new string('x', FileName.MaxLength - 1), name);
    }
}
