using BatchFunctions.Http;

namespace BatchFunctions.Files;

/// <summary>Reads the object by which a request says how long a file is to live.</summary>
internal static class RequestedLife
{
    /// <summary>The object's properties.</summary>
    public static readonly string[] Properties = ["anchor", "seconds"];

    /// <summary>The lifetime in seconds; null if the request names none.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="name">The object's name there.</param>
    /// <exception cref="ApiException">The object is invalid.</exception>
    public static long? Read(ApiBody body, string name)
    {
        if (body.OptionalObject(name, Properties) is not { } expiry)
        {
            return null;
        }

        var anchor = expiry.RequiredString("anchor");
        return anchor == FileLife.Anchor
            ? expiry.RequiredInteger("seconds", FileLife.MinSeconds, FileLife.MaxSeconds)
            : throw new ApiException(ApiError.Unsupported($"{name}.anchor", ApiError.Shown(anchor), [FileLife.Anchor]));
    }
}
