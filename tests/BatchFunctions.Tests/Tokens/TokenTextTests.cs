using System.Globalization;
using System.Text;
using BatchFunctions.Tokens;
using CsCheck;

namespace BatchFunctions.Tests.Tokens;

public sealed class TokenTextTests
{
    // What OpenAI's tokenizer page and cookbook say of these.
    [Theory]
    [InlineData("o200k_base", "hello world", 2)]
    [InlineData("cl100k_base", "tiktoken is great!", 6)]
    [InlineData("cl100k_base", "antidisestablishmentarianism", 6)]
    [InlineData("o200k_base", "2 + 2 = 4", 7)]
    [InlineData("o200k_base", "", 0)]
    public void Text_has_the_tokens_that_are_known_of_it(string encoding, string text, int tokens)
    {
        var counter = new TokenText(encoding == TokenEncoding.O200k.Name ? TokenEncoding.O200k : TokenEncoding.Cl100k);
        counter.Append(text);
        Assert.Equal(tokens, counter.End());
    }

    [Fact]
    public void Text_of_many_pages_has_as_many_tokens_in_pieces_as_it_has_whole()
    {
        var words = new[] { "the", " Batch", "API", "'s", "\n\n", "  ", "42000", "naïve", "…", "données", "==>", ", ", ". ", "\t" };
        Gen.Select(Gen.OneOf(words).Array[8_000, 12_000], Gen.Int[1, 20_000].Array[1, 5]).Sample(
            (parts, pieces) =>
            {
                var text = string.Join(' ', parts);
                var counter = new TokenText(TokenEncoding.O200k);
                var at = 0;
                for (var piece = 0; at < text.Length; piece++)
                {
                    var taken = Math.Min(pieces[piece % pieces.Length], text.Length - at);
                    counter.Append(text.AsSpan(at, taken));
                    at += taken;
                }

                Assert.Equal(TokenEncoding.O200k.Open().CountTokens(text), counter.End());
            },
            iter: 20);
    }

    [Fact]
    public void A_run_that_no_word_is_as_long_as_is_counted_in_time_and_nearly_as_it_is()
    {
        var counter = new TokenText(TokenEncoding.O200k);
        for (var page = 0; page < 60; page++)
        {
            counter.Append(new string('a', 16 * 1024));
        }

        // Eight letters are a token; a cut every 512 falls between two.
        Assert.Equal(60 * 16 * 1024 / 8, counter.End());
    }

    [Fact]
    public void Pairs_of_surrogates_are_not_parted()
    {
        var text = string.Concat(Enumerable.Repeat("😀", 20_000));
        var counter = new TokenText(TokenEncoding.O200k);
        counter.Append("x");
        counter.Append(text);

        // A half would be three tokens of its own in the place of one for the whole.
        Assert.InRange(counter.End(), 1, 20_000 + 100);
    }

    [Theory]
    [InlineData("gpt-4o-mini", "o200k_base")]
    [InlineData("GPT-4o", "o200k_base")]
    [InlineData("gpt-4.1-nano-2025-04-14", "o200k_base")]
    [InlineData("o3", "o200k_base")]
    [InlineData("openai/gpt-oss-20b", "o200k_base")]
    [InlineData("ft:gpt-4o-mini:acme::x", "o200k_base")]
    [InlineData("gpt-4", "cl100k_base")]
    [InlineData("gpt-4-turbo", "cl100k_base")]
    [InlineData("gpt-3.5-turbo-0125", "cl100k_base")]
    [InlineData("text-embedding-3-small", "cl100k_base")]
    [InlineData("gpt-4p", null)]
    [InlineData("o10", null)]
    [InlineData("llama-3.1-8b-instruct", null)]
    [InlineData("", null)]
    public void A_model_has_the_encoding_of_its_family(string model, string? encoding) =>
        Assert.Equal(encoding, ModelEncodings.Of(model)?.Name);

    [Fact]
    public void Each_encoding_of_ours_is_what_the_library_has_for_its_models()
    {
        foreach (var model in new[] { "gpt-4o", "gpt-4.1", "o1-mini", "o4-mini", "gpt-5-mini", "gpt-4", "gpt-3.5-turbo", "text-embedding-ada-002", "davinci-002" })
        {
            var text = new StringBuilder().AppendJoin(' ', Enumerable.Range(0, 300).Select(i => (i * 7919).ToString("x", CultureInfo.InvariantCulture) + "ée")).ToString();
            Assert.Equal(
                Microsoft.ML.Tokenizers.TiktokenTokenizer.CreateForModel(model).CountTokens(text),
                ModelEncodings.Of(model)!.Open().CountTokens(text));
        }
    }
}
