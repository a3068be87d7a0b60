namespace BatchFunctions.Ids;

/// <summary>Identifies a batch.</summary>
/// <param name="Tenant">The project that it belongs to.</param>
/// <param name="Id">Its id, as the API shows it.</param>
internal readonly record struct BatchKey(string Tenant, string Id);
