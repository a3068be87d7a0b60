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

    /// <summary>Its place among the messages that have been put into its queue.</summary>
    public required long Number { get; init; }

    /// <summary>Is told before and after the time changes at which others see it.</summary>
    public Action<Message, bool>? Moves { get; set; }

    /// <summary>Hides it until a time, under a new receipt.</summary>
    public void Hide(DateTimeOffset until)
    {
        Moves?.Invoke(this, false);
        VisibleAt = until;
        Moves?.Invoke(this, true);
        Receipt = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
    }
}
