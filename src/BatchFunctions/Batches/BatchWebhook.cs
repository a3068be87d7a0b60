namespace BatchFunctions.Batches;

/// <summary>Where the event that a batch has ended is sent, and what it is signed with.</summary>
internal sealed record BatchWebhook(string Url, string Secret);
