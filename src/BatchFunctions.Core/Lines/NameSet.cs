namespace BatchFunctions.Lines;

/// <summary>
/// The names of one object, to find one that stands twice. An object has a handful, which are compared one by one where
/// they stand in the line; what is more than that, or is not spelled there as it reads, is kept by its digest.
/// </summary>
internal sealed class NameSet
{
    private const int Handful = 8;

    private readonly (int Start, int Length)[] _places = new (int, int)[Handful];
    private readonly DigestSet _others = new();
    private int _count;

    /// <summary>Adds a name; false when it is there already.</summary>
    /// <param name="name">The name without escapes.</param>
    /// <param name="line">The line of all names until <see cref="Clear"/>.</param>
    public bool Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> line)
    {
        for (var i = 0; i < _count; i++)
        {
            (var start, var length) = _places[i];
            if (length == name.Length && line.Slice(start, length).SequenceEqual(name))
            {
                return false;
            }
        }

        if (_count == Handful || !line.Overlaps(name, out var place))
        {
            return _others.Add(name);
        }

        _places[_count++] = (place, name.Length);
        return _others.IsEmpty || !_others.Contains(name);
    }

    /// <summary>Forgets all names.</summary>
    public void Clear()
    {
        _count = 0;
        _others.Clear();
    }
}
