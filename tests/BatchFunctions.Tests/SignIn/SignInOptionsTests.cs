using BatchFunctions.Configuration;
using BatchFunctions.SignIn;

namespace BatchFunctions.Tests.SignIn;

public sealed class SignInOptionsTests
{
    private const string Tenant = "11111111-2222-3333-4444-555555555555";
    private const string Client = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

    [Theory]
    [InlineData(null, null, null, null)]
    [InlineData("", "", "", "")]
    [InlineData(Tenant, null, Client, null)]
    [InlineData(Tenant, "", "api://batch", "project")]
    [InlineData(null, "https://login.microsoftonline.us/" + Tenant + "/v2.0", Client, null)]
    [InlineData(null, "http://127.0.0.1:8080/realm", "batch", null)]
    public void A_whole_sign_in_and_none_are_taken(string? tenant, string? authority, string? audience, string? claim) =>
        Assert.Empty(FailuresOf(tenant, authority, audience, claim));

    [Theory]
    [InlineData(null, null, Client, null, "Batch__SignIn__TenantId")]
    [InlineData(null, null, null, "project", "Batch__SignIn__TenantId")]
    [InlineData(Tenant, null, null, null, "Batch__SignIn__Audience is not set")]
    [InlineData(Tenant, null, " ", null, "Batch__SignIn__Audience is not set")]
    [InlineData(Tenant, "https://login.example.com", Client, null, "unset one")]
    [InlineData("common", null, Client, null, "must be the tenant's ID")]
    [InlineData("example.onmicrosoft.com", null, Client, null, "az account show")]
    [InlineData(null, "http://login.example.com", Client, null, "https")]
    [InlineData(null, "login.example.com", Client, null, "https")]
    [InlineData(null, "https://login.example.com?p=policy", Client, null, "without a query")]
    public void Half_a_sign_in_keeps_the_service_from_starting(
        string? tenant, string? authority, string? audience, string? claim, string said) =>
        Assert.Contains(said, Assert.Single(FailuresOf(tenant, authority, audience, claim)), StringComparison.Ordinal);

    [Fact]
    public void A_tenant_has_two_issuers_and_one_set_of_keys()
    {
        var options = new SignInOptions { TenantId = Tenant, Audience = "api://" + Client };
        var published = $"https://login.microsoftonline.com/{Tenant}/v2.0";

        Assert.Equal(new Uri(published + "/.well-known/openid-configuration"), SignInIssuer.MetadataOf(options));
        Assert.Equal([published, $"https://sts.windows.net/{Tenant}/"], SignInIssuer.IssuersOf(options, published));
        Assert.Equal(["api://" + Client, Client], SignInIssuer.AudiencesOf(options));
        Assert.True(SignInIssuer.RequiresHttps(options));
    }

    [Theory]
    [InlineData("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")]
    [InlineData(" AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE ")]
    public void Ids_are_as_tokens_have_them_however_they_are_written(string id)
    {
        Assert.Empty(FailuresOf(id, null, id, null));
        var options = new SignInOptions { TenantId = id, Audience = id };
        var published = $"https://login.microsoftonline.com/{Client}/v2.0";

        Assert.Equal(new Uri(published + "/.well-known/openid-configuration"), SignInIssuer.MetadataOf(options));
        Assert.Equal([published, $"https://sts.windows.net/{Client}/"], SignInIssuer.IssuersOf(options, published));
        Assert.Equal([Client, "api://" + Client], SignInIssuer.AudiencesOf(options).Where(audience => !audience.Any(char.IsUpper)));
        Assert.Contains(Client, SignInIssuer.AudiencesOf(new SignInOptions { TenantId = id, Audience = " api://" + id.Trim() }));
        Assert.Equal(["api://Batch"], SignInIssuer.AudiencesOf(new SignInOptions { TenantId = id, Audience = "api://Batch " }));
        Assert.Equal(
            new Uri("https://login.example.com/realm/.well-known/openid-configuration"),
            SignInIssuer.MetadataOf(new SignInOptions { Authority = "https://login.example.com/realm/ " }));
    }

    [Fact]
    public void Another_authority_has_the_issuer_that_it_publishes_and_the_audience_that_is_set()
    {
        var options = new SignInOptions { Authority = "https://login.example.com/realm/", Audience = "api://batch" };

        Assert.Equal(new Uri("https://login.example.com/realm/.well-known/openid-configuration"), SignInIssuer.MetadataOf(options));
        Assert.Equal(["https://issuer.example.com"], SignInIssuer.IssuersOf(options, "https://issuer.example.com"));
        Assert.Equal(["api://batch"], SignInIssuer.AudiencesOf(options));
        Assert.True(SignInIssuer.RequiresHttps(options));
    }

    private static IEnumerable<string> FailuresOf(string? tenant, string? authority, string? audience, string? claim) =>
        new SignInOptionsValidator().Validate(null, new BatchOptions
        {
            SignIn = new SignInOptions { TenantId = tenant, Authority = authority, Audience = audience, ProjectClaim = claim },
        }).Failures ?? [];
}
