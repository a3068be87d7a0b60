using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Uploads;

/// <summary>An upload's status; the API names it in lower case.</summary>
internal enum UploadStatus
{
    Pending,
    Completed,
    Cancelled,
    Expired,
}

internal static class UploadStatusNames
{
    private static readonly string[] Names = ["pending", "completed", "cancelled", "expired"];

    public static IReadOnlyList<string> All => Names;

    public static string Wire(this UploadStatus status) => Names[(int)status];
}

/// <summary>Declares that a property is the name of an upload status.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UploadStatusesAttribute() : AllowedValuesAttribute([.. UploadStatusNames.All]);
