using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Webhooks;

/// <summary>How far a delivery is; the API names it in lower case.</summary>
internal enum DeliveryStatus
{
    /// <summary>It will be tried.</summary>
    Pending,

    /// <summary>It has arrived.</summary>
    Delivered,

    /// <summary>It is tried no more.</summary>
    Failed,
}

internal static class DeliveryStatusNames
{
    private static readonly string[] Names = ["pending", "delivered", "failed"];

    public static IReadOnlyList<string> All => Names;

    public static string Wire(this DeliveryStatus status) => Names[(int)status];

    public static DeliveryStatus Parse(string name) => Array.IndexOf(Names, name) is >= 0 and var index
        ? (DeliveryStatus)index
        : throw new FormatException($"The delivery's row has the status '{name}', which this version does not know.");
}

/// <summary>Declares that a property is the name of a delivery's status.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DeliveryStatusesAttribute() : AllowedValuesAttribute([.. DeliveryStatusNames.All]);
