import { packageContainerName } from '../names.bicep'
import { scaleSettings, upstreamSettings } from '../settings.bicep'

@description('The name of the app; a part of its address.')
param name string

@description('The name of its plan.')
param planName string

@description('Where both are made.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('The resource id of the user-assigned identity that the app does everything as.')
param identityId string

@description('The client id of that identity.')
param identityClientId string

@description('The name of the storage account.')
param accountName string

@description('The storage account\'s blob endpoint.')
param blobEndpoint string

@description('The storage account\'s queue endpoint.')
param queueEndpoint string

@description('The storage account\'s table endpoint.')
param tableEndpoint string

@description('The connection string of Application Insights. It holds no secret: sending takes a role.')
param insightsConnectionString string

@description('Where the lines go.')
param upstream upstreamSettings

@description('Whether the upstream asks for a key.')
param hasUpstreamKey bool

@description('The Key Vault address of that key.')
param upstreamKeyUri string

@description('How the app scales.')
param scale scaleSettings

@description('What a deployment does with running instances.')
@allowed(['Recreate', 'RollingUpdate'])
param siteUpdateStrategy string

@description('Settings of the app beside and before those that are made here.')
param moreSettings { *: string }

@description('The subnet that the app sends through, or nothing.')
param subnetId string

@description('Bytes of a request body, at most.')
param maxRequestBytes int

var settings = {
  // The host's own storage, and the service's, by identity. The three addresses hold in every Azure cloud, and go before
  // the name, which is there for the host: without it its first client fails now and then while it starts
  // (https://github.com/Azure/azure-functions-host/issues/11787).
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__accountName: accountName
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__queueServiceUri: queueEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
  // The host refuses bodies over 100 MB where this is not set.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(maxRequestBytes)
  // Otherwise the host answers / with a page of its own.
  AzureWebJobsDisableHomepage: 'true'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
  AzureFunctionsJobHost__extensions__queues__batchSize: string(scale.queueBatchSize)
  AzureFunctionsJobHost__extensions__queues__newBatchThreshold: string(scale.queueNewBatchThreshold)
  // host.json has what every plan allows, ten minutes; this plan allows more, and so longer runs and slower upstreams.
  AzureFunctionsJobHost__functionTimeout: '00:30:00'
  Batch__RunLimit: '00:10:00'
  Batch__Upstream__Timeout: '00:10:00'
  // This template makes the tables, queues and containers.
  Batch__CreateStorage: 'false'
  Batch__Upstream__BaseUrl: upstream.baseUrl
  Batch__Upstream__ApiKeyHeader: upstream.apiKeyHeader
  Batch__Upstream__Concurrency: upstream.concurrency
}

var keySettings = hasUpstreamKey ? { Batch__Upstream__ApiKey: '@Microsoft.KeyVault(SecretUri=${upstreamKeyUri})' } : {}
var identitySettings = upstream.credential == 'ManagedIdentity'
  ? {
      Batch__Upstream__Credential: upstream.credential
      Batch__Upstream__ClientId: identityClientId
    }
  : {}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: scale.zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds by this tag where the service of its azure.yaml goes.
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.instanceMemoryMB
        maximumInstanceCount: scale.maximumInstanceCount
        triggers: {
          http: {
            perInstanceConcurrency: scale.httpConcurrency
          }
        }
        alwaysReady: filter(scale.alwaysReady, group => group.instanceCount > 0)
      }
      // In every form, so that the default can be had back.
      #disable-next-line BCP037 // The compiler's description of the type is behind: https://github.com/Azure/bicep-registry-modules/issues/7200
      siteUpdateStrategy: {
        type: siteUpdateStrategy
      }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, keySettings, identitySettings, moreSettings)
  }

  // Deployment goes by identity; names and passwords are off.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
