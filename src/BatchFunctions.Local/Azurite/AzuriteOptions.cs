namespace BatchFunctions.SelfHost.Azurite;

/// <summary>How to start Azurite.</summary>
public sealed record AzuriteOptions
{
    /// <summary>The only account unless others are named: Azurite's own default.</summary>
    public const string DefaultAccount = "devstoreaccount1";

    /// <summary>Where Azurite is installed, once for all runs.</summary>
    public required string InstallFolder { get; init; }

    /// <summary>Where the data are kept between runs; null to keep them in memory.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The names of the accounts.</summary>
    public IReadOnlyList<string> Accounts { get; init; } = [DefaultAccount];
}
