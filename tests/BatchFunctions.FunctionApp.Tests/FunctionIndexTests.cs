using BatchFunctions.Processing;
using BatchFunctions.Storage;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The index of functions, as the build generates it, against the library's routes, queues and schedule.</summary>
public sealed class FunctionIndexTests
{
    [Fact]
    public void Every_function_is_in_the_index() => Assert.Equal(
        Functions.All.Select(function => (function.Name, function.EntryPoint)).Order(),
        FunctionIndex.OfBuild.Select(function => (function.Name, function.EntryPoint)).Order());

    [Fact]
    public async Task The_worker_tells_the_host_what_the_build_wrote() => Assert.Equal(
        FunctionIndex.OfBuild.Select(function => function.ToString()).Order(StringComparer.Ordinal),
        (await FunctionIndex.OfWorkerAsync()).Select(function => function.ToString()).Order(StringComparer.Ordinal));

    [Fact]
    public void Function_names_differ_in_more_than_case() =>
        Assert.Distinct(FunctionIndex.OfBuild.Select(function => function.Name), StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void Both_hosts_have_the_same_routes()
    {
        using var host = AppHost.Build("UseDevelopmentStorage=true");
        Assert.Equal(
            new SelfHostRoutes(host.Services).All.Order(),
            FunctionIndex.Http
                .Select(function => (
                    Template: function.Trigger.Route!,
                    Methods: string.Join(',', function.Trigger.Methods ?? []).ToUpperInvariant()))
                .Order());
    }

    [Fact]
    public void Every_http_function_is_anonymous_to_the_host_since_the_api_has_keys_of_its_own() =>
        Assert.All(FunctionIndex.Http, function => Assert.Equal("Anonymous", function.Trigger.AuthLevel));

    [Fact]
    public void Every_working_queue_has_one_function_on_the_one_connection()
    {
        Assert.Equal(
            QueueNames.Working.Order(StringComparer.Ordinal),
            FunctionIndex.Queues.Select(function => function.Trigger.QueueName!).Order(StringComparer.Ordinal));
        Assert.All(FunctionIndex.Queues, function => Assert.Equal(StorageClients.Connection, function.Trigger.Connection));
    }

    [Fact]
    public void The_sweep_has_a_timer_on_the_librarys_schedule() =>
        Assert.Equal(BatchJobs.SweepSchedule, Assert.Single(FunctionIndex.Timers).Trigger.Schedule);
}
