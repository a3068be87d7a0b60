using BatchFunctions.Http;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>Each trigger's route, method, queue and schedule against the library's own, and that it calls the handler it names.</summary>
public sealed class TriggerTests
{
    [Fact]
    public void Every_route_of_the_library_has_one_function()
    {
        var functions = Triggers.Http
            .Where(trigger => trigger.Http!.Route != ApiRoutes.Fallback)
            .Select(trigger => new ApiRoute(Assert.Single(trigger.Http!.Methods).ToUpperInvariant(), trigger.Http.Route!));
        Assert.Equal(
            ApiRoutes.All.OrderBy(route => route.ToString(), StringComparer.Ordinal),
            functions.OrderBy(route => route.ToString(), StringComparer.Ordinal));
    }

    [Fact]
    public void Every_http_function_is_anonymous_to_the_host_since_the_api_has_keys_of_its_own() =>
        Assert.All(Triggers.Http, trigger => Assert.Equal(AuthorizationLevel.Anonymous, trigger.Http!.AuthLevel));

    [Fact]
    public void The_catch_all_sorts_last_and_takes_every_method()
    {
        var last = Triggers.All.MaxBy(trigger => trigger.Name, StringComparer.Ordinal)!;
        Assert.Equal(ApiRoutes.Fallback, last.Http?.Route);
        Assert.Empty(last.Http!.Methods);
        Assert.Equal(last, Triggers.All.MaxBy(trigger => trigger.Name, StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public void No_function_takes_a_route_away_from_one_that_sorts_behind_it() =>
        Assert.Empty(RouteOrder.Conflicts(Triggers.Http.Select(trigger =>
            new NamedRoute(trigger.Name, trigger.Http!.Route!, trigger.Http.Methods))));

    [Theory]
    [InlineData("/")]
    [InlineData("/page/main.js")]
    public void The_pages_paths_reach_the_fallback_alone(string path) => Assert.Equal(
        ApiRoutes.Fallback,
        Assert.Single(Triggers.Http, trigger =>
            new TemplateMatcher(TemplateParser.Parse(trigger.Http!.Route!), []).TryMatch(path, [])).Http!.Route);

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

    [Fact]
    public void Function_names_differ_however_they_are_written() =>
        Assert.Equal(Triggers.All.Count, Triggers.All.Select(trigger => trigger.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Fact]
    public void Every_working_queue_has_one_function_on_the_one_connection()
    {
        var queues = Triggers.All.Where(trigger => trigger.Queue is not null).ToList();
        Assert.Equal(QueueNames.Working.Order(), queues.Select(trigger => trigger.Queue!.QueueName).Order());
        Assert.All(queues, trigger => Assert.Equal(StorageClients.Connection, trigger.Queue!.Connection));
    }

    [Theory]
    [InlineData(QueueNames.Steps, nameof(BatchJobs.StepAsync))]
    [InlineData(QueueNames.Chunk, nameof(BatchJobs.ChunkAsync))]
    public void A_queues_messages_go_to_its_own_handler(string queue, string handler) =>
        Assert.Equal(handler, Triggers.All.Single(trigger => trigger.Queue?.QueueName == queue).Handler.Name);

    [Fact]
    public void The_timer_fires_every_hour()
    {
        var timer = Assert.Single(Triggers.All, trigger => trigger.Timer is not null);
        Assert.Equal("0 0 * * * *", timer.Timer!.Schedule);
        Assert.Equal(nameof(BatchJobs.SweepTimerAsync), timer.Handler.Name);
    }

    [Fact]
    public void Every_trigger_is_one_call_of_the_handler_of_its_own_name_in_the_library() =>
        Assert.All(Triggers.All, trigger =>
        {
            Assert.Equal(trigger.Method.Name, trigger.Handler.Name);
            Assert.Equal(typeof(BatchJobs).Assembly, trigger.Handler.DeclaringType!.Assembly);
            Assert.Equal(trigger.Method.ReturnType, trigger.Handler.ReturnType);
        });

    [Fact]
    public void Every_handler_has_a_trigger()
    {
        var called = Triggers.All.Select(trigger => trigger.Handler).ToHashSet();
        var handlers = called.Select(call => call.DeclaringType!).Distinct()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.ReturnType == typeof(Task<IResult>) || method.ReturnType == typeof(Task));
        Assert.All(handlers, handler => Assert.Contains(handler, called));
    }

    [Fact]
    public void Parameters_are_those_that_the_routes_name()
    {
        foreach (var trigger in Triggers.Http)
        {
            var inRoute = TemplateParser.Parse(trigger.Http!.Route!).Parameters.Select(parameter => parameter.Name!)
                .Where(name => name != "path");
            var bound = trigger.Method.GetParameters().Where(parameter => parameter.ParameterType == typeof(string))
                .Select(parameter => parameter.Name!);
            Assert.Equal(inRoute, bound);
            Assert.Single(trigger.Method.GetParameters(), parameter => parameter.ParameterType == typeof(HttpRequest));
        }
    }

    [Fact]
    public void Every_trigger_takes_the_token_that_says_when_to_stop() =>
        Assert.All(Triggers.All, trigger => Assert.Single(
            trigger.Method.GetParameters(), parameter => parameter.ParameterType == typeof(CancellationToken)));
}
