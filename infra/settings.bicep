// The shapes of what can be set, with their bounds.

@export()
@description('Where the lines of a batch go.')
type upstreamSettings = {
  @description('The root of the upstream\'s API, as its clients take it.')
  @minLength(8)
  baseUrl: string

  @description('The header that the key is sent in: Authorization (as a bearer key), or Azure OpenAI\'s api-key.')
  apiKeyHeader: 'Authorization' | 'api-key'

  @description('Whether the app signs in with a key, where there is one, or as its identity.')
  credential: 'Key' | 'ManagedIdentity'

  @description('Lines in flight at once, of all instances together: a number from 1 to 4096, or auto.')
  concurrency: string
}

@export()
@description('Instances that are kept ready, paid for day and night.')
type alwaysReady = {
  @description('What they serve: http for all HTTP functions together, function:NAME for any other.')
  name: string

  @description('How many.')
  @minValue(0)
  @maxValue(20)
  instanceCount: int
}

@export()
@description('How the app scales. The bounds are those of the Flex Consumption plan.')
type scaleSettings = {
  @description('Memory of an instance.')
  instanceMemoryMB: 512 | 2048 | 4096

  @description('Instances on demand, at most, for each group of functions that scales by itself.')
  @minValue(1)
  @maxValue(1000)
  maximumInstanceCount: int

  @description('HTTP requests at once, for each instance.')
  @minValue(1)
  @maxValue(1000)
  httpConcurrency: int

  @description('Messages taken from a queue at once, for each instance.')
  @minValue(1)
  @maxValue(32)
  queueBatchSize: int

  @description('How few of them may be left when more are taken.')
  @minValue(0)
  @maxValue(1000)
  queueNewBatchThreshold: int

  @description('Instances that are kept ready.')
  alwaysReady: alwaysReady[]

  @description('Whether instances are spread over availability zones.')
  zoneRedundant: bool
}
