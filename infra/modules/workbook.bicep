@description('What the workbook is called.')
param title string

@description('Where it is made.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('The workspace that its queries read.')
param workspaceName string

@description('The app, whose own metrics it shows.')
param appName string

// Each query is a file that can be pasted into the workspace as it is: the guide names the same ones.
var charts = [
  { name: 'queues', title: 'Queues', query: loadTextContent('../queries/queues.kql') }
  { name: 'batches', title: 'Batches', query: loadTextContent('../queries/batches.kql') }
  { name: 'upstream', title: 'Upstream', query: loadTextContent('../queries/upstream.kql') }
  { name: 'storage-requests', title: 'Requests to storage', query: loadTextContent('../queries/storage-requests.kql') }
  { name: 'cost', title: 'Cost of storage requests and telemetry', query: loadTextContent('../queries/cost.kql') }
]
var units = [
  'OnDemandFunctionExecutionUnits'
  'AlwaysReadyFunctionExecutionUnits'
  'AlwaysReadyUnits'
]

var timeRange = {
  type: 9
  name: 'time'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    parameters: [
      {
        id: guid(workspace.id, 'Time')
        version: 'KqlParameterItem/1.0'
        name: 'Time'
        type: 4
        isRequired: true
        value: {
          durationMs: 86400000
        }
        typeSettings: {
          selectableValues: map([3600000, 14400000, 86400000, 604800000, 2592000000], range => { durationMs: range })
          allowCustom: true
        }
      }
    ]
  }
}

var queryItems = map(charts, chart => {
  type: 3
  name: chart.name
  content: {
    version: 'KqlItem/1.0'
    title: chart.title
    query: chart.query
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    crossComponentResources: [workspace.id]
    timeContextFromParameter: 'Time'
  }
})

// The platform keeps these without charge; sent to the workspace they would be telemetry that is paid for.
var functionTime = {
  type: 10
  name: 'function-time'
  content: {
    version: 'MetricsItem/2.0'
    chartId: guid(workspace.id, 'function-time')
    title: 'Function time, in MB-milliseconds: by 1,024,000 it is the GB-seconds of the bill'
    size: 0
    chartType: 2
    resourceType: 'microsoft.web/sites'
    metricScope: 0
    resourceIds: [app.id]
    timeContextFromParameter: 'Time'
    timeContext: {
      durationMs: 86400000
    }
    metrics: map(units, unit => {
      namespace: 'microsoft.web/sites'
      metric: 'microsoft.web/sites--${unit}'
      aggregation: 1
    })
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    category: 'workbook'
    sourceId: workspace.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([timeRange], queryItems, [functionTime])
      fallbackResourceIds: [workspace.id]
      '$schema': 'https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json'
    })
  }
}
