using System.Buffers;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

/// <summary>An answer's body, as a line of a result file has it.</summary>
internal static class WrittenBody
{
    public static byte[] Of(UpstreamOutcome.Answered answer)
    {
        var output = new ArrayBufferWriter<byte>();
        answer.Body.DrainTo(output);
        return output.WrittenSpan.ToArray();
    }
}
