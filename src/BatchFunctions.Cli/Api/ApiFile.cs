namespace BatchFunctions.Cli.Api;

/// <summary>A file on the service.</summary>
internal sealed record ApiFile(string Id);

/// <summary>An upload in parts; it has a file once it is complete.</summary>
internal sealed record ApiUpload(string Id, ApiFile? File);

/// <summary>The body of a request to begin an upload in parts.</summary>
internal sealed record UploadRequest(string Filename, string Purpose, long Bytes, string MimeType);

/// <summary>The body of a request to complete an upload in parts.</summary>
internal sealed record UploadCompletion(IReadOnlyList<string> PartIds);

/// <summary>The body of a request to create a batch.</summary>
internal sealed record BatchRequest(
    string InputFileId, string Endpoint, string CompletionWindow, IReadOnlyDictionary<string, string>? Metadata);

/// <summary>The body of a request to retry a batch.</summary>
internal sealed record RetryRequest(IReadOnlyList<string>? Only, string? CompletionWindow);
