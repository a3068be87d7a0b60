@description('The name of the virtual network.')
param name string

@description('Where it is made.')
param location string

@description('Tags of every resource.')
param tags { *: string }

resource network 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: ['10.0.0.0/16']
    }
    subnets: [
      {
        name: 'app'
        properties: {
          // Room for a thousand instances, and it cannot grow once it is in use.
          addressPrefixes: ['10.0.0.0/22']
          defaultOutboundAccess: true
          delegations: [
            {
              name: 'app'
              properties: {
                // What Flex Consumption asks for; other plans use Microsoft.Web/serverFarms.
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefixes: ['10.0.4.0/26']
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

output id string = network.id
output appSubnetId string = network::app.id
output endpointSubnetId string = network::endpoints.id
