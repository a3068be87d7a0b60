using System.Collections.Frozen;
using Azure;
using Azure.Identity;

namespace BatchFunctions.Storage;

/// <summary>Tells failures of storage from all others.</summary>
internal static class StorageFaults
{
    private static readonly FrozenSet<string> Closed = FrozenSet.Create(
        StringComparer.Ordinal,
        "AccountIsDisabled",
        "ContainerBeingDeleted",
        "ContainerDisabled",
        "ContainerNotFound",
        "QueueBeingDeleted",
        "QueueDisabled",
        "QueueNotFound",
        "TableBeingDeleted",
        "TableNotFound");

    /// <summary>
    /// Whether storage refuses what the service needs, which only an operator can put right: a role or a firewall, or a
    /// table, queue or container that is gone. It concerns the whole service, and no batch is to blame.
    /// </summary>
    public static bool IsRefusal(Exception e) =>
        e is RequestFailedException failed && (failed.Status is 401 or 403 || Closed.Contains(failed.ErrorCode ?? ""));

    /// <summary>
    /// Whether what failed may be tried again as it is, and nothing is to be given up for it: a <see cref="IsFault">fault</see>, others who were
    /// faster each time, or a wait that nobody asked to end.
    /// </summary>
    public static bool MayPass(Exception e) => IsFault(e) || e is ConcurrencyException or OperationCanceledException;

    /// <summary>Whether storage is at <see cref="IsFault">fault</see>, or <see cref="IsRefusal">refuses</see> what the service needs.</summary>
    public static bool IsStorages(Exception e) => IsFault(e) || IsRefusal(e);

    /// <summary>Whether storage is at fault, and trying again later may help.</summary>
    public static bool IsFault(Exception e) => e switch
    {
        StorageUnavailableException => true,
        RequestFailedException failed => failed.Status is 0 or 408 or 429 || failed.Status >= 500,

        // The failures of the SDK's tries, one for each. A try that timed out is a cancellation here; a cancellation by
        // the caller is thrown on its own.
        AggregateException all => all.InnerExceptions.Count > 0
            && all.InnerExceptions.All(one => one is OperationCanceledException || IsFault(one)),
        HttpRequestException or IOException => e is not FileNotFoundException and not InvalidDataException,
        TaskCanceledException { InnerException: TimeoutException } => true,

        // Storage cannot be asked without a token: whoever gives tokens out is down, or the identity is not there yet.
        AuthenticationFailedException => true,
        _ => false,
    };
}
