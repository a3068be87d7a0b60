using BatchFunctions.SignIn;

namespace BatchFunctions.Http;

/// <summary>
/// The errors of callers with tokens. They say what the caller can do, and nothing of what the token or the settings contain.
/// </summary>
internal static class SignInErrors
{
    public static ApiError Unavailable { get; } = new(
        503,
        ApiError.ServerType,
        "The token cannot be checked, since its issuer cannot be reached at the moment. Please try again in a few seconds.",
        null,
        "sign_in_unavailable");

    public static ApiError NoProject { get; } = Forbidden(
        "The token is valid and opens no project. Ask the service's operator to assign the project's role to you, and get a new token.");

    public static ApiError SeveralProjects { get; } = Forbidden(
        $"The token opens several projects. Name the one that is meant in a header: '{Callers.ProjectHeader}: NAME'.");

    public static ApiError OtherProject { get; } = Forbidden(
        $"The token does not open the project that the header '{Callers.ProjectHeader}' names.");

    public static ApiError Of(TokenRefusal refusal) => Unauthorized(refusal switch
    {
        TokenRefusal.Expired => "The token has expired. Get a new one.",
        TokenRefusal.NotYetValid => "The token is not valid yet. Try again later.",
        TokenRefusal.WrongIssuer => "The token comes from an issuer that this service does not accept.",
        TokenRefusal.WrongAudience => "The token was made for another service. Ask for one for this service's application.",
        _ => "The token cannot be verified: it is malformed, unsigned, or signed by a key that is not its issuer's.",
    });

    private static ApiError Unauthorized(string message) => new(401, ApiError.InvalidRequestType, message, null, "invalid_token");

    private static ApiError Forbidden(string message) => new(403, ApiError.InvalidRequestType, message, null, "no_project");
}
