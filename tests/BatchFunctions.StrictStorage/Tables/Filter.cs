namespace BatchFunctions.StrictStorage.Tables;

/// <summary>A condition on entities.</summary>
internal abstract record Filter
{
    public abstract bool Fits(Entity entity);

    /// <summary>Where in the table the entities are that can fit.</summary>
    public virtual KeyRange Range => KeyRange.All;

    internal sealed record And(Filter Left, Filter Right) : Filter
    {
        public override KeyRange Range => Left.Range.Within(Right.Range);

        public override bool Fits(Entity entity) => Left.Fits(entity) && Right.Fits(entity);
    }

    internal sealed record Or(Filter Left, Filter Right) : Filter
    {
        public override bool Fits(Entity entity) => Left.Fits(entity) || Right.Fits(entity);
    }

    internal sealed record Not(Filter Inner) : Filter
    {
        public override bool Fits(Entity entity) => !Inner.Fits(entity);
    }

    /// <summary>A property compared with a constant. A property that is not there, or is of another type, does not fit.</summary>
    internal sealed record Comparison(string Property, string Operator, object Constant) : Filter
    {
        public override KeyRange Range => Constant is string text ? KeyRange.Of(Property, Operator, text) : KeyRange.All;

        public override bool Fits(Entity entity) => entity.ValueOf(Property) is { } value && Compare(value, Constant) is { } order && Operator switch
        {
            "eq" => order == 0,
            "ne" => order != 0,
            "lt" => order < 0,
            "le" => order <= 0,
            "gt" => order > 0,
            _ => order >= 0,
        };

        private static int? Compare(object value, object constant) => (value, constant) switch
        {
            (string a, string b) => string.CompareOrdinal(a, b),
            (bool a, bool b) => a.CompareTo(b),
            (DateTimeOffset a, DateTimeOffset b) => a.CompareTo(b),
            (Guid a, Guid b) => a.CompareTo(b),
            (byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b),
            (int or long, int or long) => Convert.ToInt64(value, null).CompareTo(Convert.ToInt64(constant, null)),
            (double a, int or long or double) => a.CompareTo(Convert.ToDouble(constant, null)),
            _ => null,
        };
    }
}
