namespace BatchFunctions.Models;

/// <summary>A model as an upstream's own list has it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Created">When it was made, in Unix seconds; 0 where the upstream does not say.</param>
/// <param name="OwnedBy">Whose it is; null where the upstream does not say.</param>
internal sealed record OfferedModel(string Id, long Created, string? OwnedBy);
