using System.Text;
using BatchFunctions.Lines;
using CsCheck;

namespace BatchFunctions.Tests.Lines;

public sealed class LineCheckerPropertyTests
{
    private const string Endpoint = "/v1/embeddings";

    private static readonly string[] Seeds =
    [
        """{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"\ud83d\ude00 \\n é"}}""",
        """{"custom_id":"\u0062","method":"P\u004fST","url":"\/v1\/embeddings","body":{"model":"m","stream":false}}""",
        """{"custom_id":"c","method":"POST","url":"/v1/embeddings","body":{"model":"m","a":[{"b":[1e5,-0.1,true,null]}]},"x":{}}""",
    ];

    private static readonly string[] Snippets =
    [
        "\"", "\\", "\\u", "\\ud83d", "\\ude00", "{", "}", "[", "]", ",", ":", " ", "\t", "1", "-", "true", "null",
        "\"stream\":true,", "\"model\":\"m\",", "\"custom_id\":\"a\",", "\"\\u006dodel\":\"m\",", "é", "\u0001", "POST",
    ];

    // Where to change what into what: bytes taken away, bytes of a snippet or any bytes put in.
    private static Gen<byte[]> Mutated { get; } = Gen.Select(
        Gen.OneOf(Seeds),
        Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 12], Gen.OneOf(Gen.OneOf(Snippets).Select(Encoding.UTF8.GetBytes), Gen.Byte.Array[0, 3])).Array[0, 3],
        (seed, changes) =>
        {
            List<byte> line = [.. Encoding.UTF8.GetBytes(seed)];
            foreach ((var where, var taken, var put) in changes)
            {
                var at = where % (line.Count + 1);
                line.RemoveRange(at, Math.Min(taken, line.Count - at));
                line.InsertRange(at, put.Where(value => value != '\n'));
            }

            return line.ToArray();
        });

    [Fact]
    public void Any_lines_are_judged_as_the_simple_model_judges_them() =>
        Mutated.Array[1, 4].Sample(
            lines =>
            {
                var checker = new LineChecker(Endpoint);
                var model = new LineModel(Endpoint, needsModel: true);
                foreach (var line in lines)
                {
                    var code = checker.Check(line)?.Code;
                    Assert.Contains(code, model.Codes(line));
                    if (code is null)
                    {
                        var request = RequestLine.Parse(line);
                        Assert.True(line.AsSpan().IndexOf(request.Body.Span) >= 0);
                    }
                }
            },
            iter: 20_000);

    [Fact]
    public void A_file_is_judged_alike_wherever_it_is_split()
    {
        byte[] file = [.. Seeds.SelectMany(seed => Encoding.UTF8.GetBytes(seed + "\r\n"))];
        foreach (var first in Enumerable.Range(1, file.Length - 1))
        {
            Assert.Equal([null, null, null], Codes(file, first, file.Length));
        }
    }

    [Fact]
    public void Any_file_is_judged_alike_in_any_pieces() =>
        Gen.Select(Mutated.Array[1, 4], Gen.Int[1, 40].Array[1, 4]).Sample(
            (lines, pieces) =>
            {
                byte[] file = [.. lines.SelectMany(line => line.Append((byte)'\n'))];
                Assert.Equal(Codes(file, file.Length), Codes(file, pieces));
            },
            iter: 5_000);

    private static List<string?> Codes(byte[] file, params int[] pieces)
    {
        var codes = new List<string?>();
        var checker = new LineChecker(Endpoint);
        using var reader = new LineReader(new Pieces(file, pieces), 10_000);
        while (reader.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            codes.Add(checker.Check(reader.Line.Span)?.Code);
        }

        return codes;
    }
}
