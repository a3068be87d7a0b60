@description('What the rules\' names begin with.')
param namePrefix string

@description('Where the rules are made.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('The workspace that the rules read.')
param workspaceId string

@description('Who is told, or nothing for rules that only show in the portal.')
param email string

@description('Minutes without progress of a batch that has not ended.')
@minValue(5)
@maxValue(1440)
param stalledMinutes int

type rule = {
  name: string
  title: string
  text: string

  @description('0 is the gravest, 4 the least.')
  severity: 0 | 1 | 2 | 3 | 4

  @description('A query with a row for each thing that is watched.')
  query: string

  @description('The column that is compared.')
  column: string

  @description('The value that it may not exceed.')
  limit: int

  @description('The column that tells the things apart, or nothing.')
  by: string
}

// Azure Storage has no metric for one queue's length or age: the service measures them and sends them as metrics of its
// own, which arrive in AppMetrics. No instance running, no rows: a service at rest raises no alarm and costs no query.
var rules rule[] = [
  {
    name: 'poison'
    title: 'Poison queue not empty'
    text: 'Messages failed five times and lie in a poison queue.'
    severity: 1
    query: '''
      AppMetrics
      | where Name == 'batchfunctions.queue.depth'
      | extend Queue = tostring(Properties.queue)
      | where Queue endswith '-poison'
      | summarize Messages = max(Max) by Queue
    '''
    column: 'Messages'
    limit: 0
    by: 'Queue'
  }
  {
    name: 'waiting'
    title: 'Messages wait too long'
    text: 'The oldest message of a queue is older than 15 minutes, or than 6 hours in batch-chunk, where a long wait is a long queue.'
    severity: 2
    query: '''
      AppMetrics
      | where Name == 'batchfunctions.queue.oldest_message_age'
      | extend Queue = tostring(Properties.queue)
      | extend Percent = 100.0 * Max / iff(Queue == 'batch-chunk', 21600, 900)
      | summarize PercentOfLimit = max(Percent) by Queue
    '''
    column: 'PercentOfLimit'
    limit: 100
    by: 'Queue'
  }
  {
    name: 'server-errors'
    title: 'Many answers are 5xx'
    text: 'Of at least 100 HTTP requests in the last quarter of an hour, more than 5 in 100 were answered with a 5xx.'
    severity: 1
    query: '''
      AppRequests
      | extend Status = toint(ResultCode)
      | where Status between (100 .. 599) // Queue and timer executions are requests with a code of 0.
      | summarize Failed = sumif(ItemCount, Status >= 500), Total = sum(ItemCount)
      | where Total >= 100
      | project PercentFailed = 100.0 * Failed / Total
    '''
    column: 'PercentFailed'
    limit: 5
    by: ''
  }
  {
    name: 'stalled'
    title: 'A batch makes no progress'
    text: 'A batch that has not ended has had no line answered for longer than is set.'
    severity: 2
    query: '''
      AppMetrics
      | where Name == 'batchfunctions.batch.progress_age'
      | summarize Minutes = max(Max) / 60.0
    '''
    column: 'Minutes'
    limit: stalledMinutes
    by: ''
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: '${namePrefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'batch'
    enabled: true
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      autoMitigate: true
      // A new workspace has none of the tables yet.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Maximum'
            metricMeasureColumn: rule.column
            operator: 'GreaterThan'
            threshold: rule.limit
            dimensions: empty(rule.by) ? [] : [{ name: rule.by, operator: 'Include', values: ['*'] }]
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: empty(email) ? [] : [group.id]
      }
    }
  }
]
