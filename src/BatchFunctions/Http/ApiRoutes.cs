namespace BatchFunctions.Http;

/// <summary>
/// The routes' templates, as both hosts name them: without a leading slash, as the Functions host takes them. The table of
/// operations and the Functions app's triggers name them.
/// </summary>
public static class ApiRoutes
{
    /// <summary>Lists and makes batches.</summary>
    public const string Batches = "v1/batches";

    /// <summary>One batch.</summary>
    public const string Batch = "v1/batches/{id}";

    /// <summary>Cancels a batch.</summary>
    public const string BatchCancel = "v1/batches/{id}/cancel";

    /// <summary>Lists and takes files.</summary>
    public const string Files = "v1/files";

    /// <summary>One file.</summary>
    public const string File = "v1/files/{id}";

    /// <summary>A file's bytes.</summary>
    public const string FileContent = "v1/files/{id}/content";

    /// <summary>Begins an upload in parts.</summary>
    public const string Uploads = "v1/uploads";

    /// <summary>Takes a part of an upload.</summary>
    public const string UploadParts = "v1/uploads/{id}/parts";

    /// <summary>Makes a file of an upload's parts.</summary>
    public const string UploadComplete = "v1/uploads/{id}/complete";

    /// <summary>Gives an upload up.</summary>
    public const string UploadCancel = "v1/uploads/{id}/cancel";

    /// <summary>Whether the service works.</summary>
    public const string Health = "healthz";

    /// <summary>The API described.</summary>
    public const string OpenApi = "openapi.json";

    /// <summary>Everything else.</summary>
    public const string Fallback = "{*path}";
}

/// <summary>Where an operation of the API is.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Template">The route's template, without a leading slash.</param>
public sealed record ApiRoute(string Method, string Template);
