using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>Decides the fate of one request.</summary>
internal sealed class OneFate : StorageChance
{
    public StorageFate Next { get; set; }

    public override StorageFate FateOf(StorageRequest request)
    {
        var fate = Next;
        Next = default;
        return fate;
    }
}
