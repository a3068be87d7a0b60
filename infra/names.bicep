// What the service keeps in storage. The library's constants say the same (TableNames, QueueNames, ContainerNames); a test compares.

@export()
@description('Tables.')
var tableNames = [
  'batches'
  'files'
  'uploads'
  'chunks'
  'activebatches'
  'pending'
  'expiring'
  'apikeys'
  'projects'
  'fleet'
  'idempotency'
  'usage'
  'webhooks'
  'deliveries'
  'batchindex'
]

var workingQueueNames = [
  'batch-steps'
  'batch-chunk'
]

@export()
@description('Queues, and for each its poison queue, as the Functions host names it.')
var queueNames = flatten(map(workingQueueNames, name => [name, '${name}-poison']))

@export()
@description('The containers of the service.')
var containerNames = [
  'files'
  'batches'
]

@export()
@description('The container that the deployed package lies in.')
var packageContainerName = 'app-package'

@export()
@description('The containers of the Functions host: the package, its locks, its keys.')
var hostContainerNames = [
  packageContainerName
  'azure-webjobs-hosts'
  'azure-webjobs-secrets'
]

@export()
@description('The secret that holds the key for the upstream.')
var upstreamKeySecretName = 'upstream-api-key'

@export()
@description('The table that the deploying person writes the first API key to.')
var apiKeysTableName = 'apikeys'

@export()
@description('The table that the deploying person writes what is set for a project to: weight, quotas, role.')
var projectsTableName = 'projects'
