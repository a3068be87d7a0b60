@description('The name of the Log Analytics workspace.')
param workspaceName string

@description('The name of the Application Insights component.')
param insightsName string

@description('Where both are made.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Gigabytes of telemetry a day, at most; what comes after is dropped until the next day.')
@minValue(1)
@maxValue(100)
param dailyCapGb int

@description('Days that telemetry is kept. The first 31 are part of the price of ingestion.')
@minValue(30)
@maxValue(730)
param retentionDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // Telemetry is taken from identities with the role for it, never for knowing the connection string alone.
    DisableLocalAuth: true
  }
}

output workspaceId string = workspace.id
output connectionString string = insights.properties.ConnectionString
