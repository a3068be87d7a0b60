using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Http;
using BatchFunctions.Lines;
using BatchFunctions.Storage;

namespace BatchFunctions.Tests.Batches;

/// <summary>A batch's JSON, letter for letter.</summary>
public sealed class BatchObjectTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private static Batch New(BatchStatus status) => new(status)
    {
        Tenant = "tenant",
        Id = "batch_00000000000000000000000000000001",
        Endpoint = "/v1/embeddings",
        InputFileId = "file-00000000000000000000000000000002",
        InputBlob = new BlobLocation("files", "blob"),
        CompletionWindow = "24h",
        CreatedAt = Start.AddMilliseconds(999),
        ExpiresAt = Start.AddDays(1),
        ChunkLines = 100,
        ChunkBytes = 1000,
        ChunkTarget = 128,
    };

    [Fact]
    public void What_is_absent_is_an_explicit_null() => Assert.Equal(
        """
        {"id":"batch_00000000000000000000000000000001","object":"batch","endpoint":"/v1/embeddings","model":null,"errors":null,
        "input_file_id":"file-00000000000000000000000000000002","completion_window":"24h","status":"in_progress",
        "output_file_id":null,"error_file_id":null,"created_at":1700000000,"in_progress_at":null,"expires_at":1700086400,
        "finalizing_at":null,"completed_at":null,"failed_at":null,"expired_at":null,"cancelling_at":null,"cancelled_at":null,
        "request_counts":{"total":0,"completed":0,"failed":0},
        "usage":{"input_tokens":0,"input_tokens_details":{"cached_tokens":0},"output_tokens":0,
        "output_tokens_details":{"reasoning_tokens":0},"total_tokens":0},"metadata":null}
        """.ReplaceLineEndings(""),
        Json(New(BatchStatus.InProgress)));

    [Fact]
    public void What_is_there_is_written_in_the_same_order_with_the_fewest_escapes() => Assert.Equal(
        """
        {"id":"batch_00000000000000000000000000000001","object":"batch","endpoint":"/v1/embeddings","model":"m",
        "errors":{"object":"list","data":[{"code":"c","message":"<é & '\"'>","param":null,"line":7},{"code":"d","message":"m","param":"p","line":null}]},
        "input_file_id":"file-00000000000000000000000000000002","completion_window":"24h","status":"failed",
        "output_file_id":"file-o","error_file_id":"file-e","created_at":1700000000,"in_progress_at":1700000001,"expires_at":1700086400,
        "finalizing_at":1700000002,"completed_at":1700000003,"failed_at":1700000004,"expired_at":1700000005,"cancelling_at":1700000006,
        "cancelled_at":1700000007,"request_counts":{"total":3,"completed":2,"failed":1},
        "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":20,
        "output_tokens_details":{"reasoning_tokens":5},"total_tokens":30},"metadata":{"Zoë":"<1>","a_B":""}}
        """.ReplaceLineEndings(""),
        Json(New(BatchStatus.Failed) with
        {
            Model = "m",
            Errors = [new BatchError("c", "<é & '\"'>", null, 7), new BatchError("d", "m", "p", null)],
            OutputFileId = "file-o",
            ErrorFileId = "file-e",
            InProgressAt = Start.AddSeconds(1),
            FinalizingAt = Start.AddSeconds(2),
            CompletedAt = Start.AddSeconds(3),
            FailedAt = Start.AddSeconds(4),
            ExpiredAt = Start.AddSeconds(5),
            CancellingAt = Start.AddSeconds(6),
            CancelledAt = Start.AddSeconds(7),
            Counts = new RequestCounts(3, 2, 1),
            Usage = new TokenUsage(10, 4, 20, 5),
            Metadata = new Dictionary<string, string> { ["Zoë"] = "<1>", ["a_B"] = "" },
        }));

    [Fact]
    public void A_page_begins_with_its_first_batch_and_an_empty_one_has_none()
    {
        Assert.Equal(
            """{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""",
            JsonSerializer.Serialize(BatchObject.ListOf(new BatchPage([], false)), BatchJson.Default.BatchList));
        var page = BatchObject.ListOf(new BatchPage([New(BatchStatus.InProgress), New(BatchStatus.InProgress) with { Id = "batch_last" }], true));
        Assert.EndsWith(
            """],"first_id":"batch_00000000000000000000000000000001","last_id":"batch_last","has_more":true}""",
            JsonSerializer.Serialize(page, BatchJson.Default.BatchList),
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_has_all_four_properties() => Assert.Equal(
        """{"error":{"message":"It's <no> good.","type":"invalid_request_error","param":null,"code":null}}""",
        JsonSerializer.Serialize(new ErrorObject(ApiError.NotFound("It's <no> good.")), ApiJson.Default.ErrorObject));

    private static string Json(Batch batch) => JsonSerializer.Serialize(new BatchObject(batch), BatchJson.Default.BatchObject);
}
