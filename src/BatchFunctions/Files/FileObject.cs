using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.Http;

namespace BatchFunctions.Files;

/// <summary>A file as the API returns it, with OpenAI's properties in OpenAI's order.</summary>
internal sealed class FileObject
{
    /// <summary>The value of <c>object</c> for files.</summary>
    public const string Kind = "file";

    private const string Processed = "processed";

    private readonly StoredFile _file;

    internal FileObject(StoredFile file) => _file = file;

    [Example("file-019a00000000aaaaaaaaaaaaaaaaaaaa")]
    public string Id => _file.Id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public long Bytes => _file.Bytes;

    [Description("When it was made (Unix seconds)")]
    public long CreatedAt => _file.CreatedAt.ToUnixTimeSeconds();

    [Description("When it goes; null when it is kept (Unix seconds)")]
    public long? ExpiresAt => _file.ExpiresAt?.ToUnixTimeSeconds();

    public string Filename => _file.Filename;

    [Description("What it is for; 'batch_output' for what batches make.")]
    public string Purpose => _file.Purpose;

    [AllowedValues(Processed)]
    public string Status { get; } = Processed;

    public string? StatusDetails { get; }

    public static ListObject<FileObject> ListOf(FilePage page) =>
        new([.. page.Files.Select(file => new FileObject(file))], page.HasMore, file => file.Id);
}

/// <summary>The API's answer to a deletion.</summary>
internal sealed class DeletedFileObject
{
    internal DeletedFileObject(string id) => Id = id;

    public string Id { get; }

    [AllowedValues(FileObject.Kind)]
    public string Object { get; } = FileObject.Kind;

    public bool Deleted { get; } = true;
}
