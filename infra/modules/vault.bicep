import { upstreamKeySecretName } from '../names.bicep'

@description('The name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Where it is made.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('The key for the upstream. Empty leaves the secret as it is.')
@secure()
param upstreamApiKey string

@description('The workspace that the diagnostic settings send to.')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: true
    // Open to the network in both forms: references from the plan to a vault behind a firewall were not supported when
    // the plan came out, and what is read here is guarded by roles.
    publicNetworkAccess: 'Enabled'
  }
}

resource upstreamKey 'Microsoft.KeyVault/vaults/secrets@2026-05-15' = if (!empty(upstreamApiKey)) {
  parent: vault
  name: upstreamKeySecretName
  tags: tags
  properties: {
    contentType: 'The upstream\'s API key'
    value: upstreamApiKey
  }
}

#disable-next-line use-recent-api-versions // The stable version is older, and cannot say what this one says.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

// Without a version: the platform then follows a rotation within a day, or as soon as it is asked to refresh its references. A
// restart alone may go on with the value that it has kept.
output upstreamKeyUri string = '${vault.properties.vaultUri}secrets/${upstreamKeySecretName}'
