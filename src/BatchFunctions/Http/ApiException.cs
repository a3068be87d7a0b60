namespace BatchFunctions.Http;

/// <summary>Ends a request with an error, wherever it is found.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
