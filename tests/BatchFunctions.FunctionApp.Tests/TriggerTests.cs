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
    public void No_function_takes_a_literal_route_away_from_one_that_sorts_behind_it()
    {
        // The host tries templates in the order of the functions' names, not by how specific they are.
        foreach (var (earlier, later) in
            from earlier in Triggers.Http
            from later in Triggers.Http
            where StringComparer.OrdinalIgnoreCase.Compare(earlier.Name, later.Name) < 0
                && earlier.Http!.Route != later.Http!.Route
                && earlier.Http.Methods.Intersect(later.Http.Methods).Any()
            select (earlier, later))
        {
            var example = "/" + later.Http!.Route!.Replace("{id}", "some-id", StringComparison.Ordinal);
            Assert.False(
                new TemplateMatcher(TemplateParser.Parse(earlier.Http!.Route!), []).TryMatch(example, []),
                $"{earlier.Name} ({earlier.Http.Route}) would answer for {later.Name} ({later.Http.Route})");
        }
    }

    [Fact]
    public void Function_names_differ_however_they_are_written() =>
        Assert.Equal(Triggers.All.Count, Triggers.All.Select(trigger => trigger.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Fact]
    public void Every_queue_and_its_poison_queue_has_one_function_on_the_one_connection()
    {
        var queues = Triggers.All.Where(trigger => trigger.Queue is not null).ToList();
        Assert.Equal(QueueNames.All.Order(), queues.Select(trigger => trigger.Queue!.QueueName).Order());
        Assert.All(queues, trigger => Assert.Equal(StorageClients.Connection, trigger.Queue!.Connection));
    }

    [Fact]
    public void The_timer_fires_every_hour() =>
        Assert.Equal(BatchJobs.SweepSchedule, Assert.Single(Triggers.All, trigger => trigger.Timer is not null).Timer!.Schedule);

    [Fact]
    public void Every_trigger_is_one_expression_that_calls_the_handler_of_its_own_name()
    {
        foreach (var trigger in Triggers.All)
        {
            var call = Assert.Single(trigger.Calls);
            Assert.Equal(trigger.Method.Name, call.Name);
            Assert.Equal(typeof(BatchJobs).Assembly, call.DeclaringType!.Assembly);
            Assert.Empty(trigger.Method.GetMethodBody()!.LocalVariables);
            Assert.Equal(trigger.Method.ReturnType, ((System.Reflection.MethodInfo)call).ReturnType);
        }
    }

    [Fact]
    public void Every_handler_has_a_trigger()
    {
        var called = Triggers.All.Select(trigger => trigger.Calls[0]).ToHashSet();
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
