using System.Globalization;
using BatchFunctions.Http;

namespace BatchFunctions.Files;

/// <summary>The form fields that accompany an uploaded file, each checked as soon as it arrives.</summary>
internal sealed class FileFields
{
    public const string File = "file";

    private const string PurposeField = "purpose";
    private const string AnchorField = "expires_after[anchor]";
    private const string SecondsField = "expires_after[seconds]";

    /// <summary>The fields of the form.</summary>
    public static readonly string[] Names = [File, PurposeField, AnchorField, SecondsField, Http.IdempotencyKey.Property];

    private string? _anchor;
    private long? _seconds;

    /// <summary>The file's purpose; null until it is known.</summary>
    public string? Purpose { get; private set; }

    /// <summary>The key that the form gives the request; null if it has none.</summary>
    public string? IdempotencyKey { get; private set; }

    /// <summary>Reads a field other than the file.</summary>
    /// <exception cref="ApiException">The field is unknown, given twice, or invalid.</exception>
    public async Task TakeAsync(FormPart part, CancellationToken ct)
    {
        switch (part.Name)
        {
            case PurposeField when Purpose is null:
                Purpose = CheckedPurpose(await part.ReadTextAsync(ct));
                break;
            case AnchorField when _anchor is null:
                _anchor = await part.ReadTextAsync(ct);
                if (_anchor != FileLife.Anchor)
                {
                    throw new ApiException(ApiError.Unsupported(AnchorField, ApiError.Shown(_anchor), [FileLife.Anchor]));
                }

                break;
            case SecondsField when _seconds is null:
                _seconds = Seconds(await part.ReadTextAsync(ct));
                break;
            case Http.IdempotencyKey.Property when IdempotencyKey is null:
                IdempotencyKey = await part.ReadTextAsync(ct);
                break;
            case PurposeField or AnchorField or SecondsField or Http.IdempotencyKey.Property:
                throw new ApiException(ApiError.Duplicate(part.Name));
            default:
                throw new ApiException(ApiError.Unknown(ApiError.Shown(part.Name)));
        }
    }

    /// <summary>Checks that all required fields have arrived.</summary>
    /// <returns>The purpose, and the requested lifetime in seconds.</returns>
    /// <exception cref="ApiException">A field is missing.</exception>
    public (string Purpose, long? Seconds) Complete()
    {
        if (Purpose is null)
        {
            throw new ApiException(ApiError.Missing(PurposeField));
        }

        if (_anchor is null != _seconds is null)
        {
            throw new ApiException(ApiError.Missing(_anchor is null ? AnchorField : SecondsField));
        }

        return (Purpose, _seconds);
    }

    public static string CheckedPurpose(string purpose) => FilePurposes.Uploaded.Contains(purpose)
        ? purpose
        : throw new ApiException(FileErrors.NoPurpose(purpose));

    private static long Seconds(string text)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            throw new ApiException(ApiError.WrongType(SecondsField, "an integer", "a string"));
        }

        return seconds < FileLife.MinSeconds
            ? throw new ApiException(ApiError.BelowMin(SecondsField, ApiError.Shown(text), FileLife.MinSeconds))
            : seconds > FileLife.MaxSeconds
                ? throw new ApiException(ApiError.AboveMax(SecondsField, ApiError.Shown(text), FileLife.MaxSeconds))
                : seconds;
    }
}
