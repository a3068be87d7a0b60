namespace BatchFunctions.Webhooks;

/// <summary>
/// How many events a process sends at once: so few that a receiver which takes its time keeps neither the steps of batches from their
/// turn, which come by the same queue, nor other receivers.
/// </summary>
internal sealed class DeliveryPlaces
{
    /// <summary>The most in all: a quarter of the messages that a process takes up by the settings that are shipped, and less.</summary>
    public const int Most = 16;

    /// <summary>The most to one host.</summary>
    public const int MostOfHost = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.OrdinalIgnoreCase);
    private int _all;

    /// <summary>Takes a place, which is given back by disposing of it; null if none is free.</summary>
    public IDisposable? TryEnter(string host)
    {
        lock (_lock)
        {
            var taken = _taken.GetValueOrDefault(host);
            if (_all >= Most || taken >= MostOfHost)
            {
                return null;
            }

            _all++;
            _taken[host] = taken + 1;
            return new Place(this, host);
        }
    }

    private void Leave(string host)
    {
        lock (_lock)
        {
            _all--;
            if (_taken[host] == 1)
            {
                _taken.Remove(host);
            }
            else
            {
                _taken[host]--;
            }
        }
    }

    private sealed class Place(DeliveryPlaces places, string host) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
            {
                places.Leave(host);
            }
        }
    }
}
