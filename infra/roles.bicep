// Who may do what: the whole of it, in one table.

import { apiKeysTableName, projectsTableName } from 'names.bicep'

@export()
@description('What a role is given on: the whole storage account, one of its tables, the vault, or Application Insights.')
@discriminator('kind')
type roleScope = { kind: 'account' } | { kind: 'table', name: string } | { kind: 'vault' } | { kind: 'insights' }

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roleIds = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  keyVaultSecretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

@export()
@description('What the app does as its identity.')
var appRoles = [
  // On the account, which is the app's alone. The host's documentation asks for it there, and roles on its containers are
  // not enough: its health check lists the account's containers every 30 seconds, and without the right to do so the log
  // has a 403 and an "Unhealthy" each time.
  { role: roleIds.storageBlobDataOwner, on: { kind: 'account' } }
  // The scale controller reads the queues' lengths, and the host writes its diagnostic events to a table that it makes
  // each month. Neither has a name to give the role on beforehand.
  { role: roleIds.storageQueueDataContributor, on: { kind: 'account' } }
  { role: roleIds.storageTableDataContributor, on: { kind: 'account' } }
  { role: roleIds.keyVaultSecretsUser, on: { kind: 'vault' } }
  { role: roleIds.monitoringMetricsPublisher, on: { kind: 'insights' } }
]

@export()
@description('What the person who deploys may do with the data: make API keys, set what a project may have, and put the upstream\'s key into the vault.')
var operatorRoles = [
  { role: roleIds.storageTableDataContributor, on: { kind: 'table', name: apiKeysTableName } }
  { role: roleIds.storageTableDataContributor, on: { kind: 'table', name: projectsTableName } }
  { role: roleIds.keyVaultSecretsOfficer, on: { kind: 'vault' } }
]
