using BatchFunctions.Projects;

namespace BatchFunctions.Http;

/// <summary>Refuses what would store something of a project that is being erased.</summary>
internal static class ProjectChecks
{
    /// <exception cref="ApiException">The project is being erased.</exception>
    public static async ValueTask CheckOpenAsync(this ProjectReader projects, string tenant, CancellationToken ct)
    {
        if ((await projects.LimitsOfAsync(tenant, ct)).IsBeingErased)
        {
            throw new ApiException(ApiError.ProjectErased);
        }
    }
}
