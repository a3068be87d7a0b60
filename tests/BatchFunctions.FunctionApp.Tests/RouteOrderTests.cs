using BatchFunctions.Http;
using Microsoft.AspNetCore.Routing.Template;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The functions' names against their routes, since the Functions host tries templates in the names' order.</summary>
public sealed class RouteOrderTests
{
    private static readonly IReadOnlyList<NamedRoute> Routes =
    [
        .. FunctionIndex.Http.Select(function => new NamedRoute(function.Name, function.Trigger.Route!, function.Trigger.Methods ?? [])),
    ];

    [Fact]
    public void No_function_takes_a_route_away_from_one_that_sorts_behind_it() => Assert.Empty(RouteOrder.Conflicts(Routes));

    [Fact]
    public void The_catch_all_sorts_last_and_takes_every_method()
    {
        var last = Routes.MaxBy(route => route.Name, StringComparer.Ordinal)!;
        Assert.Equal(ApiRoutes.Fallback, last.Template);
        Assert.Empty(last.Methods);
        Assert.Equal(last, Routes.MaxBy(route => route.Name, StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/page/main.js")]
    public void The_pages_paths_reach_the_fallback_alone(string path) => Assert.Equal(
        ApiRoutes.Fallback,
        Assert.Single(Routes, route => new TemplateMatcher(TemplateParser.Parse(route.Template), []).TryMatch(path, [])).Template);

    [Fact]
    public void A_parameter_that_sorts_before_a_literal_is_noticed()
    {
        NamedRoute literal = new("things_search", "v1/things/search", ["get"]);
        NamedRoute early = new("things_get", "v1/things/{id}", ["get"]);
        Assert.Equal([(early, literal)], RouteOrder.Conflicts([literal, early]));
        Assert.Empty(RouteOrder.Conflicts([literal, early with { Name = "things_x_get" }]));
        Assert.Empty(RouteOrder.Conflicts([literal, early with { Methods = ["delete"] }]));
    }

    [Fact]
    public void A_catch_all_that_sorts_before_a_route_is_noticed()
    {
        NamedRoute route = new("things_get", "v1/things/{id}", ["get"]);
        NamedRoute catchAll = new("fallback", "{*path}", []);
        Assert.Equal([(catchAll, route)], RouteOrder.Conflicts([route, catchAll]));
        Assert.Empty(RouteOrder.Conflicts([route, catchAll with { Name = "zz_fallback" }]));
    }
}
