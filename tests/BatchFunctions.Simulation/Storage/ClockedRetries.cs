using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Simulation.Storage;

/// <summary>
/// Retries as the SDK's own policy does by the service's settings, with waits on the simulated time: the SDK's are on the system's clock.
/// </summary>
/// <param name="time">The process's clock.</param>
internal sealed class ClockedRetries(TimeProvider time) : HttpPipelinePolicy
{
    private const int MostRetries = 3;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(3);

    [SuppressMessage("Design", "CA1031", Justification = "As the SDK's own policy does.")]
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        List<Exception>? failures = null;
        for (var retries = 0; ; retries++)
        {
            Exception? failure = null;
            try
            {
                await ProcessNextAsync(message, pipeline).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                failure = e;
                (failures ??= []).Add(e);
            }

            var again = retries < MostRetries && (failure is null
                ? message.ResponseClassifier.IsErrorResponse(message) && message.ResponseClassifier.IsRetriableResponse(message)
                : message.ResponseClassifier.IsRetriable(message, failure));
            if (!again)
            {
                Throw(failure, failures);
                return;
            }

            if (failure is null)
            {
                message.Response.ContentStream?.Dispose();
            }

            var delay = FirstDelay * Math.Pow(2, retries);
            await Task.Delay(delay < LongestDelay ? delay : LongestDelay, time, message.CancellationToken).ConfigureAwait(false);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");

    private static void Throw(Exception? last, List<Exception>? failures)
    {
        if (last is not null)
        {
            if (failures!.Count > 1)
            {
                throw new AggregateException($"Retry failed after {failures.Count} tries.", failures);
            }

            ExceptionDispatchInfo.Throw(last);
        }
    }
}
