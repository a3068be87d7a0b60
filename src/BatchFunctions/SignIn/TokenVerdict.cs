namespace BatchFunctions.SignIn;

/// <summary>What came of a token's check.</summary>
/// <param name="Refusal">Why it is refused; null if it is good.</param>
/// <param name="Projects">What a good token names as projects, in its order; not all of it need be a project's name.</param>
internal sealed record TokenVerdict(TokenRefusal? Refusal, IReadOnlyList<string> Projects);

/// <summary>
/// Why a token is refused. All but <see cref="NotVerified"/> are told of tokens alone that the issuer has signed, so that made-up
/// ones tell their maker nothing.
/// </summary>
internal enum TokenRefusal
{
    /// <summary>It is malformed or unsigned, or signed by another key or in a way that is not accepted.</summary>
    NotVerified,

    Expired,

    NotYetValid,

    WrongIssuer,

    WrongAudience,
}
