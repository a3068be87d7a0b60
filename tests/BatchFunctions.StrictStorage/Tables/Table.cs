namespace BatchFunctions.StrictStorage.Tables;

/// <summary>A table's entities, sorted by their keys.</summary>
internal sealed class Table
{
    private readonly List<Entity> _entities = [];

    public IReadOnlyList<Entity> Entities => _entities;

    public Entity? Find(EntityKey key) => PlaceOf(key) is var place && place < _entities.Count && _entities[place].Key == key
        ? _entities[place]
        : null;

    public void Put(Entity entity)
    {
        var place = PlaceOf(entity.Key);
        if (place < _entities.Count && _entities[place].Key == entity.Key)
        {
            _entities[place] = entity;
        }
        else
        {
            _entities.Insert(place, entity);
        }
    }

    public void Remove(EntityKey key)
    {
        if (Find(key) is not null)
        {
            _entities.RemoveAt(PlaceOf(key));
        }
    }

    /// <summary>The entities of a range from a key on, that key included.</summary>
    public List<Entity> From(EntityKey first, KeyRange range)
    {
        var start = PlaceOf(first.CompareTo(range.Start) > 0 ? first : range.Start);
        var end = start;
        while (end < _entities.Count && !range.EndsBefore(_entities[end].Key))
        {
            end++;
        }

        return _entities.GetRange(start, end - start);
    }

    /// <summary>Where the key is, or would be.</summary>
    private int PlaceOf(EntityKey key)
    {
        var (low, high) = (0, _entities.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_entities[middle].Key.CompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
