using System.Buffers;
using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class OutputLineTests
{
    private readonly ArrayBufferWriter<byte> _output = new();

    [Fact]
    public void A_response_is_one_line_with_the_body_as_it_came()
    {
        OutputLine.WriteResponse(_output, "batch_req_1", "a\"é\n\u2028", 200, "req-1", output => output.Write("""{"n": 1.0000000000000000000000001}"""u8));

        Assert.Equal(
            """{"id":"batch_req_1","custom_id":"a\"é\n\u2028","response":{"status_code":200,"request_id":"req-1","body":{"n": 1.0000000000000000000000001}},"error":null}""" + "\n",
            Written);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void A_response_without_a_request_id_is_given_one_and_may_come_with_an_error(string? requestId)
    {
        OutputLine.WriteResponse(_output, "batch_req_1", "a", 500, requestId, output => output.Write("null"u8), ("internal_error", "It broke."));

        Assert.Equal(
            """{"id":"batch_req_1","custom_id":"a","response":{"status_code":500,"request_id":"req_1","body":null},"error":{"code":"internal_error","message":"It broke."}}""" + "\n",
            Written);
    }

    [Fact]
    public void Lines_follow_each_other()
    {
        OutputLine.WriteError(_output, "batch_req_1", "a", "batch_expired", "Too late.");
        OutputLine.WriteError(_output, "batch_req_2", "b", "batch_cancelled", "Told to stop.");

        Assert.Equal(
            """
            {"id":"batch_req_1","custom_id":"a","response":null,"error":{"code":"batch_expired","message":"Too late."}}
            {"id":"batch_req_2","custom_id":"b","response":null,"error":{"code":"batch_cancelled","message":"Told to stop."}}

            """,
            Written);
    }

    private string Written => Encoding.UTF8.GetString(_output.WrittenSpan);
}
