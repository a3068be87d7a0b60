using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Configuration;

/// <summary>
/// Checks the settings when the host starts: first each by its annotations, then the rules that span several. Every
/// message names the setting as it is written in the environment, and says what to set it to.
/// </summary>
internal sealed class BatchOptionsValidator(IConfiguration configuration) : IValidateOptions<BatchOptions>
{
    /// <summary>What a run has for its last checkpoint and its hand-over.</summary>
    private static readonly TimeSpan HandingOver = TimeSpan.FromSeconds(30);

    public ValidateOptionsResult Validate(string? name, BatchOptions options)
    {
        var failures = new List<string>();
        failures.AddRange(FailuresOf(options));
        failures.AddRange(options.AllUpstreams.SelectMany(upstream => FailuresOf(upstream.Options).Select(upstream.Naming)));
        failures.AddRange(FailuresOf(options.Quota));
        failures.AddRange(FailuresOf(options.Webhooks));
        failures.AddRange(SpanningFailuresOf(options));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> FailuresOf(object options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results.Select(result => result.ErrorMessage ?? "A setting is wrong.");
    }

    private IEnumerable<string> SpanningFailuresOf(BatchOptions options)
    {
        if (options.Lease < options.Checkpoint * 2)
        {
            yield return "Batch__Lease must be at least twice Batch__Checkpoint: a claim is renewed when half of its lease has passed.";
        }

        if (options.Lease < options.StatusPoll * 2)
        {
            yield return "Batch__Lease must be at least twice Batch__StatusPoll: a running chunk looks at its lease that often.";
        }

        if (options.TakesLargeInputs && options.ChunkBytes < BatchOptions.LeastChunkBytes)
        {
            yield return $"Batch__ChunkBytes must be at least {BatchOptions.LeastChunkBytes} where Batch__MaxLines is above 50000 or Batch__MaxInputBytes above 2000000000: a batch would have too many chunks.";
        }

        // Who lowers the files below the inputs' default has said nothing of inputs.
        if (options.MaxInputBytes > options.MaxFileBytes && options.MaxInputBytes > BatchOptions.UsualInputBytes)
        {
            yield return $"Batch__MaxFileBytes ({options.MaxFileBytes}) must be at least Batch__MaxInputBytes ({options.MaxInputBytes}): an input is uploaded as a file.";
        }

        if (options.CompletionWindows.Length > 0)
        {
            if (CompletionWindows.Parse(options.CompletionWindows) is not { } windows)
            {
                yield return $"Batch__CompletionWindows has '{options.CompletionWindows}': name windows and ranges from 10m to 7d, separated by commas, for instance 1h,24h,2d-7d.";
            }
            else if (!windows.Include(CompletionWindows.LengthOf(CompletionWindows.Usual)!.Value))
            {
                yield return $"Batch__CompletionWindows has '{options.CompletionWindows}' and lacks 24h, which is what OpenAI's clients ask for.";
            }
        }

        foreach (var endpoint in options.Endpoints.Where(e => !e.StartsWith("/v1/", StringComparison.Ordinal)))
        {
            yield return $"Batch__Endpoints has '{endpoint}': each endpoint begins with /v1/, for instance /v1/chat/completions.";
        }

        foreach (var endpoint in options.Endpoints.Where(e => e.Length > BatchOptions.LongestEndpoint))
        {
            yield return $"Batch__Endpoints has '{endpoint[..32]}…', which is too long: each batch's row keeps its endpoint, of at most {BatchOptions.LongestEndpoint} characters.";
        }

        if (TimeSpan.TryParse(configuration[HostFile.FunctionTimeoutSetting], CultureInfo.InvariantCulture, out var timeout)
            && timeout > TimeSpan.Zero // -1 means no limit
            && options.AllUpstreams.MaxBy(static upstream => upstream.Options.Timeout) is { } slowest
            && options.RunLimit + slowest.Options.Timeout > timeout - HandingOver)
        {
            yield return $"Batch__RunLimit ({options.RunLimit}) and {slowest.NameOf(nameof(UpstreamOptions.Timeout))} ({slowest.Options.Timeout}) must come to at most {timeout - HandingOver}: the host ends a run after AzureFunctionsJobHost__functionTimeout ({timeout}), and it must have half a minute to hand over. Lower one of them, or raise that where the plan allows it: ten minutes at most on the Consumption plan, as long as you like on Flex Consumption and in the self-host.";
        }
    }
}
