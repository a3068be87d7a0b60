using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.Files;
using BatchFunctions.Http;

namespace BatchFunctions.Uploads;

/// <summary>An upload as the API returns it, with OpenAI's properties in OpenAI's order.</summary>
internal sealed class UploadObject
{
    private const string Kind = "upload";

    private readonly Upload _upload;

    /// <param name="upload">The upload.</param>
    /// <param name="file">The file that it became; null before that, or if the file is gone.</param>
    internal UploadObject(Upload upload, StoredFile? file)
    {
        _upload = upload;
        File = file is null ? null : new FileObject(file);
    }

    [Example("upload_019a00000000aaaaaaaaaaaaaaaaaaaa")]
    public string Id => _upload.Id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("What the parts must come to.")]
    [Range(1, double.PositiveInfinity)]
    public long Bytes => _upload.Bytes;

    [Description("When it was begun (Unix seconds)")]
    public long CreatedAt => _upload.CreatedAt.ToUnixTimeSeconds();

    public string Filename => _upload.Filename;

    public string Purpose => _upload.Purpose;

    [UploadStatuses]
    public string Status => _upload.Status.Wire();

    [Description("When it is given up, unless it is completed (Unix seconds)")]
    public long ExpiresAt => _upload.ExpiresAt.ToUnixTimeSeconds();

    public FileObject? File { get; }
}

/// <summary>A part of an upload, as the API returns it.</summary>
internal sealed class UploadPartObject
{
    private const string Kind = "upload.part";

    private readonly UploadPart _part;

    internal UploadPartObject(UploadPart part) => _part = part;

    public string Id => _part.Id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("When it was added (Unix seconds)")]
    public long CreatedAt => _part.CreatedAt.ToUnixTimeSeconds();

    public string UploadId => _part.UploadId;
}
