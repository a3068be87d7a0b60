using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Uploads;

/// <summary>An upload's status, as the API names it in lower case.</summary>
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

/// <summary>Says that a property is one of the statuses' names.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class UploadStatusesAttribute() : AllowedValuesAttribute([.. UploadStatusNames.All]);
