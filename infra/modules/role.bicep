import { roleScope } from '../roles.bicep'

@description('What the assignment is named after: the same for the same holder, from one deployment to the next.')
param holder string

@description('Who is given the role.')
param principalId string

@description('What kind of principal that is.')
@allowed(['ServicePrincipal', 'User', 'Group'])
param principalType string

@description('The GUID of the role\'s definition.')
param roleId string

@description('What the role is given on.')
param on roleScope

@description('The storage account.')
param accountName string

@description('The vault.')
param vaultName string

@description('The Application Insights component.')
param insightsName string

var properties = {
  principalId: principalId
  principalType: principalType
  roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
}

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: accountName

  resource tables 'tableServices' existing = {
    name: 'default'

    resource table 'tables' existing = {
      name: on.?name ?? 'none'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (on.kind == 'account') {
  name: guid(account.id, holder, roleId)
  scope: account
  properties: properties
}

resource onTable 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (on.kind == 'table') {
  name: guid(account::tables::table.id, holder, roleId)
  scope: account::tables::table
  properties: properties
}

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (on.kind == 'vault') {
  name: guid(vault.id, holder, roleId)
  scope: vault
  properties: properties
}

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (on.kind == 'insights') {
  name: guid(insights.id, holder, roleId)
  scope: insights
  properties: properties
}
