// The whole of the service in one resource group: the app on a Flex Consumption plan, its storage, its vault, its
// telemetry and alerts, and who may do what.

targetScope = 'subscription'

import { appRoles, operatorRoles } from 'roles.bicep'

@description('The environment\'s name; names the resource group and is a tag of everything in it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('The region. It must offer Flex Consumption: az functionapp list-flexconsumption-locations.')
@minLength(1)
param location string

@description('The object id of who deploys, so that they can make API keys; nothing for nobody.')
param principalId string = ''

@description('What kind of principal that is.')
@allowed(['User', 'ServicePrincipal', 'Group'])
param principalType string = 'User'

@description('The root of the OpenAI-compatible upstream\'s API, as its clients take it: https://HOST/v1 for most, or without a path for the same.')
@minLength(8)
param upstreamBaseUrl string

@description('The key for the upstream; it is written to the vault. Empty leaves the vault as it is.')
@secure()
param upstreamApiKey string = ''

@description('Whether the upstream\'s key is in the vault: auto says so when this deployment writes it, and the output of the same name then says yes to those that follow; yes is also for a key that a person wrote, no for one that is not to be used.')
@allowed(['auto', 'yes', 'no'])
param upstreamKeyInVault string = 'auto'

@description('The header that the key is sent in: Authorization (as a bearer key), or Azure OpenAI\'s api-key.')
@allowed(['Authorization', 'api-key'])
param upstreamApiKeyHeader string = 'Authorization'

@description('Whether the app signs in at the upstream with a key, where there is one, or as its identity, for an Azure OpenAI without keys. The identity\'s role there is the operator\'s to give.')
@allowed(['Key', 'ManagedIdentity'])
param upstreamCredential string = 'Key'

@description('Lines in flight at once, of all instances together: a number from 1 to 4096, or auto, which finds the smallest that gets the most done.')
param upstreamConcurrency string = 'auto'

@description('Memory of an instance, in MB. It also decides how large a request may be.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances on demand, at most, for each group of functions that scales by itself: a bound on cost. Fewer than 40 are a preview that not every region takes.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('HTTP requests at once, for each instance.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('Messages taken from a queue at once, for each instance.')
@minValue(1)
@maxValue(32)
param queueBatchSize int = 16

@description('How few of those messages may be left when more are taken.')
@minValue(0)
@maxValue(1000)
param queueNewBatchThreshold int = 64

@description('Instances kept ready for HTTP. Each costs day and night: see docs/operations.md.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttp int = 0

@description('Instances kept ready for the function queue_steps, which takes up new batches and ends them.')
@minValue(0)
@maxValue(20)
param alwaysReadySteps int = 0

@description('Instances kept ready for the function queue_chunk, which sends the lines.')
@minValue(0)
@maxValue(20)
param alwaysReadyChunk int = 0

@description('Whether instances are spread over availability zones. It needs a storageSku that is, too, and the plan then keeps two instances ready for each group of functions.')
param zoneRedundant bool = false

@description('What a deployment does with running instances: Recreate ends them at once, RollingUpdate (a preview) lets their work end.')
@allowed(['Recreate', 'RollingUpdate'])
param siteUpdateStrategy string = 'Recreate'

@description('MiB of a file in one request, at most; 0 is a tenth of an instance\'s memory, as the host holds a body in memory several times over, but no more than 200. The platform takes no request over 210 MB.')
@minValue(0)
@maxValue(200)
param maxRequestMiB int = 0

@description('More settings of the app, as the README lists them: NAME=VALUE, with semicolons between them. They go before what this template sets.')
param appSettings string = ''

@description('How the data is replicated.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('Days after which a blob that nobody deleted is removed, whatever it is; 0 keeps blobs for ever.')
@minValue(0)
@maxValue(3650)
param blobMaxAgeDays int = 400

@description('Gigabytes of telemetry a day, at most.')
@minValue(1)
@maxValue(100)
param dailyCapGb int = 1

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 30

@description('Whether the alert rules are made. They are the one thing here that costs while nobody uses the service.')
param alertsEnabled bool = true

@description('Who is told of alerts; nothing for rules that only show in the portal.')
param alertEmail string = ''

@description('Minutes without progress of a batch that has not ended, before the alert.')
@minValue(5)
@maxValue(1440)
param stalledMinutes int = 60

@description('Whether the app reaches its storage through a virtual network and private endpoints only.')
param vnetEnabled bool = false

@description('One public IPv4 address that may still reach the storage of a private deployment: yours, to make API keys.')
param operatorIpAddress string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
  application: 'BatchFunctions'
}
var identityName = 'id-${token}'
var accountName = 'st${token}'
var vaultName = 'kv-${token}'
var workspaceName = 'log-${token}'
var appName = 'func-${token}'
var insightsName = 'appi-${token}'
// The account's replication cannot be changed by a deployment, so it is not chosen behind the operator's back.
var replication = zoneRedundant && !contains(storageSku, 'ZRS')
  ? fail('A zone-redundant app needs zone-redundant storage: set storageSku (BATCH_STORAGE_SKU) to Standard_ZRS or Standard_GZRS.')
  : storageSku
var moreSettings = toObject(
  filter(split(appSettings, ';'), pair => contains(pair, '=')),
  pair => trim(substring(pair, 0, indexOf(pair, '='))),
  pair => trim(substring(pair, indexOf(pair, '=') + 1))
)
// What surrounds a file in the form that it is sent in.
var formBytes = 64 * 1024
var keyInVault = upstreamKeyInVault == 'auto' && !empty(upstreamApiKey) ? 'yes' : upstreamKeyInVault
var assignments = concat(
  map(appRoles, entry => union(entry, { who: 'app' })),
  empty(principalId) ? [] : map(operatorRoles, entry => union(entry, { who: 'operator' }))
)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: identityName
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: workspaceName
    insightsName: insightsName
    location: location
    tags: tags
    dailyCapGb: dailyCapGb
    retentionDays: retentionDays
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: accountName
    location: location
    tags: tags
    sku: replication
    isPrivate: vnetEnabled
    operatorIpAddress: operatorIpAddress
    blobMaxAgeDays: blobMaxAgeDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: vaultName
    location: location
    tags: tags
    upstreamApiKey: upstreamApiKey
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    name: 'vnet-${token}'
    location: location
    tags: tags
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    accountName: accountName
    accountId: storage.outputs.id
    location: location
    tags: tags
    networkId: network!.outputs.id
    subnetId: network!.outputs.endpointSubnetId
  }
}

module roles 'modules/role.bicep' = [
  for assignment in assignments: {
    scope: group
    params: {
      holder: assignment.who == 'app' ? identityName : principalId
      principalId: assignment.who == 'app' ? identity.outputs.principalId : principalId
      principalType: assignment.who == 'app' ? 'ServicePrincipal' : principalType
      roleId: assignment.role
      on: assignment.on
      accountName: accountName
      vaultName: vaultName
      insightsName: insightsName
    }
    dependsOn: [
      storage
      vault
      monitoring
    ]
  }
]

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: appName
    planName: 'plan-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    accountName: accountName
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    insightsConnectionString: monitoring.outputs.connectionString
    upstream: {
      baseUrl: upstreamBaseUrl
      apiKeyHeader: upstreamApiKeyHeader
      credential: upstreamCredential
      concurrency: upstreamConcurrency
    }
    hasUpstreamKey: upstreamCredential == 'Key' && keyInVault == 'yes'
    upstreamKeyUri: vault.outputs.upstreamKeyUri
    scale: {
      instanceMemoryMB: instanceMemoryMB
      maximumInstanceCount: maximumInstanceCount
      httpConcurrency: httpConcurrency
      queueBatchSize: queueBatchSize
      queueNewBatchThreshold: queueNewBatchThreshold
      alwaysReady: [
        { name: 'http', instanceCount: alwaysReadyHttp }
        { name: 'function:queue_steps', instanceCount: alwaysReadySteps }
        { name: 'function:queue_chunk', instanceCount: alwaysReadyChunk }
      ]
      zoneRedundant: zoneRedundant
    }
    siteUpdateStrategy: siteUpdateStrategy
    moreSettings: moreSettings
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    maxRequestBytes: (maxRequestMiB == 0 ? min(instanceMemoryMB / 10, 200) : maxRequestMiB) * 1024 * 1024 + formBytes
  }
  // The host reads its storage and the vault while it starts: it must be allowed to by then, and find the way.
  dependsOn: [
    roles
    privateEndpoints
  ]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    title: 'BatchFunctions ${environmentName}'
    location: location
    tags: tags
    workspaceName: workspaceName
    appName: appName
  }
}

module alerts 'modules/alerts.bicep' = if (alertsEnabled) {
  scope: group
  params: {
    namePrefix: 'alert-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    stalledMinutes: stalledMinutes
  }
}

// azd keeps these in its environment, and hands them to the hooks.
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = app.outputs.name
output AZURE_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output AZURE_KEY_VAULT_NAME string = vaultName
output AZURE_STORAGE_ACCOUNT string = accountName
output BATCH_BASE_URL string = '${app.outputs.url}/v1'
output BATCH_TABLE_ENDPOINT string = storage.outputs.tableEndpoint
// main.parameters.json reads this one again: the app keeps the reference to its key when a later deployment does not carry the key.
output BATCH_UPSTREAM_KEY_IN_VAULT string = keyInVault
