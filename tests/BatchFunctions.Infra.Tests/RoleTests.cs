using System.Text.RegularExpressions;

namespace BatchFunctions.Infra.Tests;

[Collection(nameof(Deployments))]
public sealed partial class RoleTests(Deployments deployments)
{
    // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    private const string BlobDataOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
    private const string QueueDataContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88";
    private const string TableDataContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3";
    private const string VaultSecretsUser = "4633458b-17de-408a-b874-0445c86b69e6";
    private const string VaultSecretsOfficer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
    private const string MetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb";

    private static readonly (string On, string Role)[] App =
    [
        ("storageAccounts", BlobDataOwner),
        ("storageAccounts", QueueDataContributor),
        ("storageAccounts", TableDataContributor),
        ("vaults", VaultSecretsUser),
        ("components", MetricsPublisher),
    ];

    private static readonly (string On, string Role)[] Operator =
    [
        ("tables/apikeys", TableDataContributor),
        ("tables/projects", TableDataContributor),
        ("vaults", VaultSecretsOfficer),
    ];

    [Fact]
    public void The_app_has_exactly_these_roles()
    {
        foreach (var deployment in deployments.All)
        {
            Assert.Equal(App.Order(), Assigned(deployment, "ServicePrincipal").Order());
        }
    }

    [Fact]
    public void Who_deploys_may_make_api_keys_set_projects_and_change_the_upstreams_key_and_no_more()
    {
        Assert.Equal(Operator.Order(), Assigned(deployments.Full, "User").Order());
        Assert.Empty(Assigned(deployments.Plain, "User"));
    }

    [Fact]
    public void No_two_assignments_have_the_same_name()
    {
        var names = deployments.Full.Of("Microsoft.Authorization/roleAssignments").Select(role => role.Name).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
    }

    private static IEnumerable<(string On, string Role)> Assigned(Deployment deployment, string principalType) =>
        deployment.Of("Microsoft.Authorization/roleAssignments")
            .Where(role => role.At("principalType").GetString() == principalType)
            .Select(role => (On(role.Id), role.At("roleDefinitionId").GetString()!.Split('/')[^1]));

    /// <summary>The last resource before the assignment: its kind, and its name where the name is the template's.</summary>
    private static string On(string id)
    {
        var match = Scope().Match(id);
        Assert.True(match.Success, id);
        var (kind, name) = (match.Groups["kind"].Value, match.Groups["name"].Value);
        return kind == "tables" ? $"{kind}/{name}" : kind;
    }

    [GeneratedRegex("(?<kind>[a-zA-Z]+)/(?<name>[^/]+)/providers/Microsoft.Authorization/roleAssignments/")]
    private static partial Regex Scope();
}
