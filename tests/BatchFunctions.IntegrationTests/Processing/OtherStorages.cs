using BatchFunctions.StrictStorage.Chance;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>The same where pages are short or empty, and messages come in no order and twice, as storage may have it.</summary>
public sealed class BatchRunByChanceTests : BatchRunTests
{
    protected override string NewAccount() => TestStorage.NewStrictAccount(new SeededChance(1));
}

/// <summary>The same on Azurite, which the self-host's users have for storage.</summary>
public sealed class BatchRunOnAzuriteTests : BatchRunTests
{
    protected override string NewAccount() => TestStorage.NewAccount();
}

/// <summary>
/// The same on Azurite, which the self-host's users have for storage, and which answers otherwise when a range begins behind a blob's
/// end.
/// </summary>
public sealed class LostInputOnAzuriteTests : LostInputTests
{
    protected override string NewAccount() => TestStorage.NewAccount();
}
