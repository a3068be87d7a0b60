using Microsoft.AspNetCore.Routing.Template;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>
/// The order in which the Functions host tries templates: that of the functions' names, not of how specific they are. So
/// a function must not match what a more specific template, which sorts behind it, is there for.
/// </summary>
internal static class RouteOrder
{
    /// <summary>Pairs of a function and the one behind it whose requests it would answer.</summary>
    public static IEnumerable<(NamedRoute Earlier, NamedRoute Later)> Conflicts(IEnumerable<NamedRoute> functions)
    {
        var ordered = functions.OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase).ToList();
        return from position in Enumerable.Range(0, ordered.Count)
               from later in ordered.Skip(position + 1)
               let earlier = ordered[position]
               where earlier.Template != later.Template && SharesMethod(earlier, later) && Matches(earlier, later)
               select (earlier, later);
    }

    /// <summary>No methods means every method.</summary>
    private static bool SharesMethod(NamedRoute one, NamedRoute other) =>
        one.Methods.Count == 0
        || other.Methods.Count == 0
        || one.Methods.Intersect(other.Methods, StringComparer.OrdinalIgnoreCase).Any();

    private static bool Matches(NamedRoute earlier, NamedRoute later)
    {
        var segments = TemplateParser.Parse(later.Template).Segments
            .Select(segment => segment.IsSimple && segment.Parts[0].IsLiteral ? segment.Parts[0].Text : "some-value");
        return new TemplateMatcher(TemplateParser.Parse(earlier.Template), []).TryMatch("/" + string.Join('/', segments), []);
    }
}

/// <summary>A function's name, template and methods.</summary>
internal sealed record NamedRoute(string Name, string Template, IReadOnlyList<string> Methods);
