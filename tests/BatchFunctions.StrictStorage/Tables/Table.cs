namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// A table's entities, sorted by their keys. They stand in blocks, each sorted and all of them in order, so that a table of a million
/// entities is written to and paged through in no more steps than one of a thousand, but for the number of its blocks.
/// </summary>
internal sealed class Table
{
    private const int MostInBlock = 1024;

    private readonly List<List<Entity>> _blocks = [[]];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>All of them, in order.</summary>
    public IEnumerable<Entity> Entities => _blocks.SelectMany(static block => block);

    public Entity? Find(EntityKey key)
    {
        var place = PlaceOf(key);
        return IsAt(place, key) ? _blocks[place.Block][place.Index] : null;
    }

    public void Put(Entity entity)
    {
        var place = PlaceOf(entity.Key);
        var block = _blocks[place.Block];
        if (IsAt(place, entity.Key))
        {
            block[place.Index] = entity;
            return;
        }

        block.Insert(place.Index, entity);
        Count++;
        if (block.Count > MostInBlock)
        {
            // What is written in the order of its keys leaves full blocks behind it.
            var kept = place.Index == MostInBlock ? MostInBlock : block.Count / 2;
            _blocks.Insert(place.Block + 1, block.GetRange(kept, block.Count - kept));
            block.RemoveRange(kept, block.Count - kept);
        }
    }

    public void Remove(EntityKey key)
    {
        var place = PlaceOf(key);
        if (IsAt(place, key))
        {
            _blocks[place.Block].RemoveAt(place.Index);
            Count--;
            if (_blocks[place.Block].Count == 0 && _blocks.Count > 1)
            {
                _blocks.RemoveAt(place.Block);
            }
        }
    }

    /// <summary>How many entities a range has from a key on, that key included.</summary>
    public int CountFrom(EntityKey first, KeyRange range)
    {
        var (start, end) = (StartOf(first, range), EndOf(range));
        if (start.Block > end.Block)
        {
            return 0;
        }

        var count = end.Index - start.Index;
        for (var block = start.Block; block < end.Block; block++)
        {
            count += _blocks[block].Count;
        }

        return Math.Max(0, count);
    }

    /// <summary>The entities of a table from a key on, or from where a range begins, in order and without an end.</summary>
    public IEnumerable<Entity> From(EntityKey first, KeyRange range)
    {
        var (block, index) = StartOf(first, range);
        for (; block < _blocks.Count; block++, index = 0)
        {
            for (; index < _blocks[block].Count; index++)
            {
                yield return _blocks[block][index];
            }
        }
    }

    private Place StartOf(EntityKey first, KeyRange range) => PlaceOf(first.CompareTo(range.Start) > 0 ? first : range.Start);

    private Place EndOf(KeyRange range) => range.Partition is null
        ? new Place(_blocks.Count - 1, _blocks[^1].Count)
        : FirstWhere(range.EndsBefore);

    private bool IsAt(Place place, EntityKey key) =>
        place.Index < _blocks[place.Block].Count && _blocks[place.Block][place.Index].Key == key;

    /// <summary>Where the key is, or would be.</summary>
    private Place PlaceOf(EntityKey key) => FirstWhere(standing => standing.CompareTo(key) >= 0);

    /// <summary>The first place of which something holds that holds for all behind it too; behind the last one where it holds for none.</summary>
    private Place FirstWhere(Func<EntityKey, bool> holds)
    {
        var block = FirstOf(_blocks.Count - 1, at => holds(_blocks[at][^1].Key));
        return new Place(block, FirstOf(_blocks[block].Count, at => holds(_blocks[block][at].Key)));
    }

    private static int FirstOf(int count, Func<int, bool> holds)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (holds(middle))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private readonly record struct Place(int Block, int Index);
}
