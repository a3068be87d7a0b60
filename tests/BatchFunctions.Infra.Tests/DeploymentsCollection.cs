namespace BatchFunctions.Infra.Tests;

/// <summary>The test classes that share the deployments, so that each is worked out once.</summary>
[CollectionDefinition(nameof(Deployments))]
public sealed class DeploymentsCollection : ICollectionFixture<Deployments>;
