namespace BatchFunctions.Fleet;

/// <summary>Shares an amount among those who want of it: to each by weight, to nobody more than they want.</summary>
internal static class WaterFill
{
    /// <summary>Each one's part, in the order of the wants.</summary>
    /// <param name="amount">What there is.</param>
    /// <param name="wants">What each wants, and by which weight it is served.</param>
    public static double[] Of(double amount, IReadOnlyList<(double Want, double Weight)> wants)
    {
        var parts = new double[wants.Count];
        var left = amount;
        var open = Enumerable.Range(0, wants.Count).Where(i => wants[i].Want > 0).ToList();
        while (open.Count > 0 && left > 0)
        {
            var weight = open.Sum(i => wants[i].Weight);
            var level = left / weight;
            var full = open.Where(i => wants[i].Want <= level * wants[i].Weight).ToList();
            if (full.Count == 0)
            {
                open.ForEach(i => parts[i] = level * wants[i].Weight);
                break;
            }

            foreach (var i in full)
            {
                parts[i] = wants[i].Want;
                left -= wants[i].Want;
                open.Remove(i);
            }
        }

        return parts;
    }

    /// <summary>Parts in whole numbers, which add up to no more than before: what is left over goes to the largest fractions.</summary>
    public static int[] Whole(IReadOnlyList<double> parts)
    {
        // A sum of parts may miss a whole number by a rounding error.
        var whole = parts.Select(static part => (int)Math.Floor(part + 1e-9)).ToArray();
        var left = (int)Math.Floor(parts.Sum() + 1e-6) - whole.Sum();
        foreach (var i in Enumerable.Range(0, whole.Length).OrderByDescending(i => parts[i] - whole[i]).ThenBy(static i => i).Take(left))
        {
            whole[i]++;
        }

        return whole;
    }
}
