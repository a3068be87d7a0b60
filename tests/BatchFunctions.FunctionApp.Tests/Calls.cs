using Azure.Storage.Queues.Models;
using BatchFunctions.Processing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>What a function does, and what the self-host does for the same route, queue or timer: the answer, and what storage was asked for.</summary>
internal static class Calls
{
    public static async Task<string> ByAppAsync(Function function, CancellationToken ct)
    {
        await using var stage = await Stage.SetAsync();
        return await stage.CallAsync(function, stage.TriggerOf(function, ct), ct);
    }

    public static async Task<string> BySelfHostAsync(Function function, CancellationToken ct)
    {
        await using var stage = await Stage.SetAsync();
        var jobs = stage.Services.GetRequiredService<BatchJobs>();
        return await stage.SeeAsync(stage.TriggerOf(function, ct), trigger => trigger switch
        {
            HttpRequest request => new SelfHostRoutes(stage.Services).AnswerAsync(function.Http!.Route!, request),
            QueueMessage message => jobs.Handlers[function.Queue!.QueueName](message, ct),
            _ => jobs.SweepTimerAsync(ct),
        });
    }
}
