using System.Buffers;
using BatchFunctions.Bench.Lines;
using BatchFunctions.Lines;
using BatchFunctions.Upstream;
using BenchmarkDotNet.Attributes;

namespace BatchFunctions.Bench.Micro;

/// <summary>What is done for each line: reading and checking it, opening it, and composing its result. Times and allocations are a line's.</summary>
public class LineBenchmarks
{
    private const int Lines = 4096;

    private readonly byte[] _input = InputText.Of(InputText.Texts["mixed"], Lines, 1000);
    private readonly byte[] _answer = """{"id":"chatcmpl-1","object":"chat.completion","model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"An answer of some words, as they are."},"finish_reason":"stop"}],"usage":{"prompt_tokens":57,"completion_tokens":31,"total_tokens":88}}"""u8.ToArray();
    private readonly ArrayBufferWriter<byte> _output = new(1024 * 1024);
    private ReadOnlyMemory<byte> _line;

    [GlobalSetup]
    public void Setup()
    {
        var (start, length) = InputText.LinesOf(_input)[0];
        _line = _input.AsMemory(start, length);
    }

    [Benchmark(OperationsPerInvoke = Lines, Description = "read")]
    public int Read()
    {
        using var stream = new MemoryStream(_input, writable: false);
        using var reader = new LineReader(stream, _input.Length);
        var lines = 0;
        while (reader.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
        {
            lines++;
        }

        return lines;
    }

    [Benchmark(OperationsPerInvoke = Lines, Description = "check")]
    public int Check()
    {
        var checker = new LineChecker(InputText.Endpoint);
        var right = 0;
        foreach (var (start, length) in InputText.LinesOf(_input))
        {
            right += checker.Check(_input.AsSpan(start, length)) is null ? 1 : 0;
        }

        return right;
    }

    [Benchmark(Description = "open")]
    public int Open() => RequestLine.Parse(_line).Body.Length;

    [Benchmark(Description = "answer")]
    public int Answer()
    {
        _output.ResetWrittenCount();
        using var body = AnswerBody.Of(_answer);
        body.DrainTo(_output);
        return _output.WrittenCount;
    }

    [Benchmark(Description = "tokens")]
    public long Tokens() => AnswerSummary.Read(new(_answer)).Usage.Total;

    [Benchmark(Description = "compose")]
    public int Compose()
    {
        _output.ResetWrittenCount();
        OutputLine.WriteResponse(_output, "batch_req_0123456789abcdef0123456789abcdef00001", "request-1", 200, "req_1", output => output.Write(_answer));
        return _output.WrittenCount;
    }
}
