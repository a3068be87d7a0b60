using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Http;

/// <summary>Headers that speak of the content of an answer, and so of none that is written in its place.</summary>
internal static class ContentHeaders
{
    /// <summary>Says that there is more, or will be: as Doubleword's Control Layer, whose clients read both.</summary>
    public const string Incomplete = "X-Incomplete";

    /// <summary>The number of the last line that is sent, 1-based: the <c>offset</c> to go on from.</summary>
    public const string LastLine = "X-Last-Line";

    private static readonly string[] Names =
    [
        HeaderNames.ContentLength, HeaderNames.ContentRange, HeaderNames.ETag, HeaderNames.AcceptRanges, HeaderNames.ContentEncoding,
        HeaderNames.ContentDisposition, Incomplete, LastLine,
    ];

    /// <summary>Takes them away before an error is written.</summary>
    /// <param name="response">The response, which has not started.</param>
    /// <param name="status">The error's status: a range that cannot be satisfied is told with the ranges that can.</param>
    public static void Clear(HttpResponse response, int status)
    {
        foreach (var name in Names)
        {
            if (status != StatusCodes.Status416RangeNotSatisfiable || (name != HeaderNames.ContentRange && name != HeaderNames.AcceptRanges))
            {
                response.Headers.Remove(name);
            }
        }
    }
}
