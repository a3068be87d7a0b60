using BatchFunctions.Http;

namespace BatchFunctions.Batches;

/// <summary>What is wrong with a request about batches, as OpenAI words it where it is known to have words.</summary>
internal static class BatchErrors
{
    public static ApiError NoBatch(string id) => ApiError.NotFound($"No batch found with id '{ApiError.Shown(id)}'.");

    public static ApiError NoInputFile(string id) => ApiError.InvalidRequest(
        $"Invalid 'input_file_id': no file with the id '{ApiError.Shown(id)}' and the purpose 'batch' was found.",
        "input_file_id",
        "invalid_request");

    public static ApiError CannotCancel(string status) => ApiError.Conflict($"Cannot cancel a batch with status '{status}'.");
}
