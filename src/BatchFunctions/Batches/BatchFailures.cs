using System.Globalization;

namespace BatchFunctions.Batches;

/// <summary>Why batches fail, apart from what is wrong with a line: the entries of their <c>errors.data</c>.</summary>
internal static class BatchFailures
{
    /// <summary>The code of what the service is to blame for.</summary>
    public const string Internal = "internal_error";

    /// <summary>The code of an input that is gone.</summary>
    public const string Lost = "input_lost";

    /// <summary>The input was gone before any line was sent.</summary>
    public static BatchError NoInput { get; } = Of(Lost, "The input file is gone from storage.");

    /// <summary>The input went after lines had been sent.</summary>
    public static BatchError InputLost { get; } = Of(
        Lost,
        "The input file can no longer be read from storage as it was validated. What was answered is kept; a line without an answer is in neither file.");

    /// <summary>Results that were staged are gone.</summary>
    public static BatchError ResultsLost { get; } = Of("results_lost", "Results that had been stored are gone from storage.");

    /// <summary>The validation failed again and again.</summary>
    public static BatchError NotValidated { get; } =
        Of(Internal, "The input file could not be validated because of an internal error.");

    /// <summary>Two versions of the service validated the input side by side.</summary>
    public static BatchError CutInTwoWays { get; } = Of(
        Internal,
        "The input was cut in two ways, by two versions of the service that ran side by side. Create the batch again.");

    /// <summary>What was needed to end the batch failed again and again.</summary>
    public static BatchError NotClosed { get; } = Of(
        Internal, "The batch could not be closed because of an internal error. What was answered is kept as far as it could be.");

    /// <summary>The batch's own row cannot be read.</summary>
    public static BatchError RowUnreadable { get; } = Of(
        Internal, "What is stored of this batch cannot be read. Whoever operates the service finds the reason in its log.");

    /// <summary>What the input of a retry is made of went before it was made.</summary>
    public static BatchError RetrySourceLost { get; } = Of(
        Lost, "The files of the batch that this is a retry of are gone from storage.");

    /// <summary>The request that made the retry took so long that another was made in its place.</summary>
    public static BatchError RetryOvertaken { get; } = Of(
        "retry_overtaken", "Another retry was made in the place of this one, whose request took too long. Nothing of this one was sent.");

    /// <summary>No line of the batch failed as the retry asks, or none is left that another retry has not brought to an answer.</summary>
    public static BatchError NothingToRetry { get; } = Of(
        "nothing_to_retry",
        "No line is left to retry: none ended in one of the ways that 'only' names, or those that did have succeeded in other retries.");

    /// <summary>Rows of the batch's chunks cannot be read.</summary>
    public static BatchError ChunksUnreadable(int chunks) => Of(
        Internal,
        string.Create(
            CultureInfo.InvariantCulture,
            $"What is stored of {chunks} of the batch's chunks cannot be read. What was answered is kept as far as it could be."));

    private static BatchError Of(string code, string message) => new(code, message, null, null);
}
