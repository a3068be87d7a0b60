namespace BatchFunctions.SignIn;

/// <summary>A token could not be checked, since the issuer's keys are not to be had: it may be good.</summary>
internal sealed class SignInUnavailableException(string reason)
    : Exception($"The keys of Batch__SignIn's issuer are not to be had: {reason}");
