namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>What Azurite does otherwise than the documentation says. Both are asserted, so that it is noticed when Azurite changes.</summary>
/// <param name="Case">The name of the case.</param>
/// <param name="Azurite">What comes of it on Azurite.</param>
/// <param name="Documented">What comes of it by the documentation, and on the strict storage.</param>
/// <param name="Source">The address of where it is said.</param>
internal sealed record StorageDifference(string Case, string Azurite, string Documented, string Source);
