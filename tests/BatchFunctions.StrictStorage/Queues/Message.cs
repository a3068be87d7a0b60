namespace BatchFunctions.StrictStorage.Queues;

/// <summary>A message in a queue.</summary>
internal sealed class Message(string text, DateTimeOffset insertedAt, DateTimeOffset expiresAt)
{
    /// <summary>What storage says of a message that never expires.</summary>
    public static DateTimeOffset Never { get; } = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    public Guid Id { get; } = Guid.NewGuid();

    public string Text { get; set; } = text;

    public DateTimeOffset InsertedAt => insertedAt;

    public DateTimeOffset ExpiresAt => expiresAt;

    /// <summary>When others see it.</summary>
    public DateTimeOffset VisibleAt { get; private set; }

    /// <summary>How often it has been handed out.</summary>
    public int DequeueCount { get; set; }

    /// <summary>The receipt by which it can be updated and deleted, until there is another.</summary>
    public string Receipt { get; private set; } = "";

    /// <summary>Hides it until a time, under a new receipt.</summary>
    public void Hide(DateTimeOffset until)
    {
        VisibleAt = until;
        Receipt = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
    }
}
