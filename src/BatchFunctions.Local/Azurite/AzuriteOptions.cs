namespace BatchFunctions.SelfHost.Azurite;

/// <summary>How Azurite is started.</summary>
public sealed record AzuriteOptions
{
    /// <summary>The account that there is when no others are named: Azurite's own default.</summary>
    public const string DefaultAccount = "devstoreaccount1";

    /// <summary>Where Azurite itself is installed, once for all runs.</summary>
    public required string InstallFolder { get; init; }

    /// <summary>Where the data stay between runs; null to keep them in memory.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The accounts that there are.</summary>
    public IReadOnlyList<string> Accounts { get; init; } = [DefaultAccount];
}
