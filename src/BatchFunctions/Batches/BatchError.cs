using System.ComponentModel;
using BatchFunctions.Lines;

namespace BatchFunctions.Batches;

/// <summary>An entry of a failed batch's <c>errors.data</c>; the line is 1-based.</summary>
internal sealed record BatchError(string Code, string Message, string? Param, [property: Description("1-based.")] int? Line)
{
    /// <summary>What is wrong with a line, or with the whole input.</summary>
    public static BatchError Of(LineProblem problem, int? line) => new(problem.Code, problem.Message, problem.Param, line);
}
