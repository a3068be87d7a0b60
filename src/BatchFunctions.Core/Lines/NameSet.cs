namespace BatchFunctions.Lines;

/// <summary>
/// The names of one object, to detect duplicates. Most objects have only a handful, which are compared one by one in
/// place in the line; further names, and names spelled with escapes, are kept as digests.
/// </summary>
internal sealed class NameSet
{
    private const int Handful = 8;

    private readonly (int Start, int Length)[] _places = new (int, int)[Handful];
    private readonly DigestSet _others = new();
    private int _count;

    /// <summary>Adds a name; false if the set contains it already.</summary>
    /// <param name="name">The unescaped name.</param>
    /// <param name="line">The line that contains all names added since the last <see cref="Clear"/>.</param>
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

    /// <summary>Removes all names.</summary>
    public void Clear()
    {
        _count = 0;
        _others.Clear();
    }
}
