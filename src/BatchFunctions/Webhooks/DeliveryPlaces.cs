namespace BatchFunctions.Webhooks;

/// <summary>
/// How many events a process sends at once: so few that a receiver which takes its time keeps neither the steps of batches from their
/// turn, which come by the same queue, nor other receivers, nor other projects.
/// </summary>
internal sealed class DeliveryPlaces
{
    /// <summary>The most in all: a quarter of the messages that a process takes up by the settings that are shipped, and less.</summary>
    public const int Most = 16;

    /// <summary>The most to one host.</summary>
    public const int MostOfHost = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<(Of Kind, string Name), int> _taken = [];
    private int _all;

    /// <summary>Whose places are counted.</summary>
    private enum Of
    {
        Project,
        Host,
        Webhook,
    }

    /// <summary>
    /// Takes a place, which is given back by disposing of it; null if there is none for whoever asks. A project takes another only while more are free
    /// than it has: so none has more than half, and the last ones are left to those that have fewer. A webhook whose last attempt failed has one.
    /// </summary>
    /// <param name="project">Whose event is sent.</param>
    /// <param name="host">Where.</param>
    /// <param name="webhook">The webhook; null if the event goes where its batch says, or is a test of the caller's, who waits for it.</param>
    public IDisposable? TryEnter(string project, string host, Webhook? webhook = null)
    {
        List<(Of Kind, string Name)> counted = [(Of.Project, project), (Of.Host, host.ToUpperInvariant())];
        if (webhook is not null)
        {
            counted.Add((Of.Webhook, webhook.Id));
        }

        lock (_lock)
        {
            var isFull = _taken.GetValueOrDefault(counted[0]) >= Most - _all || _taken.GetValueOrDefault(counted[1]) >= MostOfHost;
            if (isFull || (webhook is { FailingSince: not null } && _taken.ContainsKey(counted[2])))
            {
                return null;
            }

            _all++;
            counted.ForEach(key => _taken[key] = _taken.GetValueOrDefault(key) + 1);
            return new Place(this, counted);
        }
    }

    private void Leave(List<(Of Kind, string Name)> counted)
    {
        lock (_lock)
        {
            _all--;
            foreach (var key in counted)
            {
                if (--_taken[key] == 0)
                {
                    _taken.Remove(key);
                }
            }
        }
    }

    private sealed class Place(DeliveryPlaces places, List<(Of Kind, string Name)> counted) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
            {
                places.Leave(counted);
            }
        }
    }
}
