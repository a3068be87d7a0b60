using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;
using BatchFunctions.StrictStorage.Chance;

namespace BatchFunctions.Simulation.Storage;

/// <summary>
/// What the documentation leaves open, by the seed: pages, the order and number of deliveries, counts. Deliveries are single again once
/// the life has become calm.
/// </summary>
internal sealed class StorageDice(LifePlan plan, Agenda agenda) : StorageChance
{
    private readonly Dice _dice = new(plan.Seed, 3);

    public override int RowsPerPage(int rows) => rows > 0 && _dice.Happens(0.15) ? _dice.Below(rows + 1) : rows;

    public override int NextMessage(int visible) => _dice.Below(visible);

    public override bool IsDeliveredTwice() => agenda.Now < plan.CalmAt && _dice.Happens(plan.Duplicates);

    public override int ApproximateCount(int messages) => _dice.Happens(0.1) ? messages + _dice.Below(3) : messages;

    public override bool SaysMismatch() => _dice.Happens(0.5);
}
