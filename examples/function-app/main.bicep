// The app, its identity, what that identity may do, and the subscription to the vault's events.
//
// The event subscription needs the function `rotate` to be there: deploy once without it, deploy the
// package, and deploy again with `subscribe` set to true.

@description('The name of the app; it has to be free in all of Azure.')
param appName string

@description('The storage account that the host keeps its own things in, and the package.')
param hostStorageName string

@description('The address of the package: a zip with this folder and the program `keyrotation` in it.')
param packageUrl string

@description('The vault in which keys are published. It uses roles.')
param vaultName string

@description('The storage accounts whose keys are rotated, in this resource group.')
param accountNames array

@description('Whether the package is deployed, so that events can be delivered to it.')
param subscribe bool = false

@description('Where the app runs.')
param location string = resourceGroup().location

// Reader: reads accounts, vaults, locks and role assignments; no key.
var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
// Storage Account Key Operator Service Role: lists and regenerates keys.
var keyOperator = '81a9662b-bebf-436f-a333-f67b29880f12'
// Key Vault Secrets Officer: reads and writes secrets.
var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
// Storage Blob Data Owner: what the host needs for its own locks, and to read the package.
var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource accounts 'Microsoft.Storage/storageAccounts@2023-05-01' existing = [
  for name in accountNames: {
    name: name
  }
]

resource hostStorage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: hostStorageName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
  }
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: '${appName}-plan'
  location: location
  kind: 'linux'
  sku: {
    name: 'B1'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2023-12-01' = {
  name: appName
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      alwaysOn: true
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
      appSettings: [
        {
          name: 'FUNCTIONS_EXTENSION_VERSION'
          value: '~4'
        }
        {
          name: 'FUNCTIONS_WORKER_RUNTIME'
          value: 'custom'
        }
        {
          name: 'AzureWebJobsStorage__accountName'
          value: hostStorage.name
        }
        {
          name: 'WEBSITE_RUN_FROM_PACKAGE'
          value: packageUrl
        }
        {
          name: 'WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID'
          value: 'SystemAssigned'
        }
        {
          name: 'ARM_USE_MSI'
          value: 'true'
        }
      ]
    }
  }
}

resource readsGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, app.id, reader)
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
  }
}

resource rotatesKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in accountNames: {
    name: guid(accounts[index].id, app.id, keyOperator)
    scope: accounts[index]
    properties: {
      principalId: app.identity.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyOperator)
    }
  }
]

resource publishesKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, app.id, secretsOfficer)
  scope: vault
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
  }
}

resource keepsLocks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hostStorage.id, app.id, blobOwner)
  scope: hostStorage
  properties: {
    principalId: app.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobOwner)
  }
}

resource events 'Microsoft.EventGrid/systemTopics@2022-06-15' = {
  name: '${vaultName}-events'
  location: location
  properties: {
    source: vault.id
    topicType: 'Microsoft.KeyVault.vaults'
  }
}

resource nearExpiry 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2022-06-15' = if (subscribe) {
  parent: events
  name: 'keyrotation'
  properties: {
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${app.id}/functions/rotate'
        maxEventsPerBatch: 1
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: [
        'Microsoft.KeyVault.SecretNearExpiry'
        'Microsoft.KeyVault.SecretExpired'
      ]
    }
    retryPolicy: {
      eventTimeToLiveInMinutes: 1440
      maxDeliveryAttempts: 30
    }
  }
}

@description('The identity that roles in a cluster are given to.')
output principalId string = app.identity.principalId
