namespace BatchFunctions.Cli.Api;

/// <summary>A file that the service has.</summary>
internal sealed record ApiFile(string Id);

/// <summary>An upload in parts; the file is there when it is complete.</summary>
internal sealed record ApiUpload(string Id, ApiFile? File);

/// <summary>What an upload in parts is asked for with.</summary>
internal sealed record UploadRequest(string Filename, string Purpose, long Bytes, string MimeType);

/// <summary>What an upload in parts is completed with.</summary>
internal sealed record UploadCompletion(IReadOnlyList<string> PartIds);

/// <summary>What a batch is made of.</summary>
internal sealed record BatchRequest(
    string InputFileId, string Endpoint, string CompletionWindow, IReadOnlyDictionary<string, string>? Metadata);
