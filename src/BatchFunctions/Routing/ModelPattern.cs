namespace BatchFunctions.Routing;

/// <summary>A model's name, or a pattern of names in which <c>*</c> stands for anything, nothing included.</summary>
/// <param name="Text">How it is written.</param>
internal readonly record struct ModelPattern(string Text)
{
    private const char Any = '*';

    /// <summary>Whether it is a name.</summary>
    public bool IsName => !Text.Contains(Any, StringComparison.Ordinal);

    /// <summary>Whether it stands for this name, by upper and lower case as it is written.</summary>
    public bool Matches(ReadOnlySpan<char> name)
    {
        // What stands before the first asterisk must begin the name; of each further piece the first place is as good as any.
        var rest = Text.AsSpan();
        var star = rest.IndexOf(Any);
        if (star < 0)
        {
            return name.SequenceEqual(rest);
        }

        if (!name.StartsWith(rest[..star]))
        {
            return false;
        }

        name = name[star..];
        rest = rest[(star + 1)..];
        for (star = rest.IndexOf(Any); star >= 0; star = rest.IndexOf(Any))
        {
            var at = name.IndexOf(rest[..star]);
            if (at < 0)
            {
                return false;
            }

            name = name[(at + star)..];
            rest = rest[(star + 1)..];
        }

        return name.EndsWith(rest);
    }
}
