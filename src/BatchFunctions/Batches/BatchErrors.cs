using BatchFunctions.Http;

namespace BatchFunctions.Batches;

/// <summary>The errors of requests about batches, in OpenAI's wording where it is known.</summary>
internal static class BatchErrors
{
    public static ApiError NoBatch(string id) => ApiError.NotFound($"No batch found with id '{ApiError.Shown(id)}'.");

    public static ApiError NoInputFile(string id) => ApiError.InvalidRequest(
        $"Invalid 'input_file_id': no file with the id '{ApiError.Shown(id)}' and the purpose 'batch' was found.",
        "input_file_id",
        "invalid_request");

    public static ApiError CannotCancel(string status) => ApiError.Conflict($"Cannot cancel a batch with status '{status}'.");
}
