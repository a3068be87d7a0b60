using BatchFunctions.Configuration;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Http;

/// <summary>Tells who a request comes from, by the key or the token in its <c>Authorization</c> header.</summary>
internal sealed class Callers(KeyRing keys, Lazy<TokenCheck> tokens, ProjectReader projects, IOptions<BatchOptions> options)
{
    /// <summary>In which OpenAI's clients name the project, where a token opens several.</summary>
    public const string ProjectHeader = "OpenAI-Project";

    private const string Scheme = "Bearer";

    /// <exception cref="ApiException">There is no key or token, or none that opens a project.</exception>
    /// <exception cref="SignInUnavailableException">A token cannot be checked at the moment.</exception>
    public async ValueTask<ApiCaller> AuthenticateAsync(HttpRequest request, CancellationToken ct)
    {
        var text = BearerOf(request.Headers.Authorization.ToString().Trim());
        if (options.Value.SignIn.IsOn && TokenCheck.HasForm(text))
        {
            var project = ProjectOf(await tokens.Value.CheckAsync(text, ct), request);

            // Keys are revoked, and tokens go on naming the project.
            await projects.CheckOpenAsync(project, ct);
            return new ApiCaller(project);
        }

        return await keys.ProjectOfAsync(text, ct) is { } found ? new ApiCaller(found)
            : throw new ApiException(ApiError.WrongKey);
    }

    private static string BearerOf(string header)
    {
        var rest = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header.AsSpan(Scheme.Length) : default;
        return header.Length == 0 || (rest.IsEmpty && header.Length == Scheme.Length) ? throw new ApiException(ApiError.NoKey)
            : rest is [' ' or '\t', ..] ? rest.Trim().ToString()
            : throw new ApiException(ApiError.KeyWithoutScheme);
    }

    private static string ProjectOf(TokenVerdict verdict, HttpRequest request)
    {
        if (verdict.Refusal is { } refusal)
        {
            throw new ApiException(SignInErrors.Of(refusal));
        }

        string[] projects = [.. verdict.Projects.Where(ApiKeyStore.IsProjectName)];
        var meant = request.Headers[ProjectHeader].ToString();
        return projects is [] ? throw new ApiException(SignInErrors.NoProject)
            : meant.Length > 0 ? projects.Contains(meant) ? meant : throw new ApiException(SignInErrors.OtherProject)
            : projects is [var only] ? only
            : throw new ApiException(SignInErrors.SeveralProjects);
    }
}
