using BatchFunctions.Http;
using BatchFunctions.Lines;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Models;

/// <summary>The operations about models that can be batched: the same for every project.</summary>
public sealed class ModelApi
{
    private readonly ApiGuard _guard;
    private readonly ModelCatalog _models;

    internal ModelApi(ApiGuard guard, ModelCatalog models)
    {
        _guard = guard;
        _models = models;
    }

    /// <summary><c>GET /v1/models</c>: every model that can be batched, as far as it is known.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> ListAsync(HttpRequest request, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (_, ct) => ApiJson.Ok(new ModelListObject(await _models.ListAsync(ct)), ModelJson.Default.ModelListObject),
            ct);

    /// <summary><c>GET /v1/models/{id}</c>: one of them. Its name may have slashes, as they are or escaped.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">The model's name.</param>
    /// <param name="ct">Fires when the client disconnects.</param>
    public Task<IResult> GetAsync(HttpRequest request, string id, CancellationToken ct) =>
        _guard.RunAsync(
            request,
            async (_, ct) =>
            {
                // Both hosts decode a path, all but its slashes.
                var name = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
                var models = await _models.ListAsync(ct);
                return models.FirstOrDefault(model => model.Id == name) is { } model
                    ? ApiJson.Ok(model, ModelJson.Default.ModelObject)
                    : throw new ApiException(NotFound(name));
            },
            ct);

    private static ApiError NotFound(string name) => new(
        StatusCodes.Status404NotFound,
        ApiError.InvalidRequestType,
        $"The model '{ApiError.Shown(name)}' does not exist, or is not known to be served here.",
        "model",
        LineProblem.ModelNotFoundCode);
}
