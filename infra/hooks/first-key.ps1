# Makes a first API key and prints it: once for each environment, and never into the logs of a pipeline.
$ErrorActionPreference = 'Stop'

if ($env:BATCH_FIRST_KEY -eq 'made') {
    exit 0
}

$arguments = @(
    'run', '--project', 'src/BatchFunctions.SelfHost', '--',
    'keys', 'add', '--project', 'default', '--name', 'first', '--storage', $env:BATCH_TABLE_ENDPOINT)
$byHand = "dotnet $($arguments -join ' ')"

if ($env:CI) {
    Write-Output "No API key is made in a pipeline, whose logs are kept. Make one with: $byHand"
    exit 0
}

# Nobody outside of its network reaches such a storage: to try would be in vain, at every provision.
if ($env:BATCH_VNET_ENABLED -in 'true', '1' -and -not $env:BATCH_OPERATOR_IP_ADDRESS) {
    Write-Output "No API key is made: the storage is private, and BATCH_OPERATOR_IP_ADDRESS names no machine that may reach it. Set it to this one's public IPv4 address and run azd provision again, which makes the key; or, from inside the network: $byHand"
    exit 0
}

Write-Output 'Making a first API key. A role that was just given takes some minutes to count, so this may try again.'
$tries = if ($env:BATCH_KEY_TRIES) { [int]$env:BATCH_KEY_TRIES } else { 10 }
$wait = if ($env:BATCH_KEY_WAIT_SECONDS) { [int]$env:BATCH_KEY_WAIT_SECONDS } else { 30 }
for ($try = 1; ; $try++) {
    $key = dotnet @arguments
    if ($LASTEXITCODE -eq 0) {
        break
    }

    if ($try -ge $tries) {
        Write-Output "No API key could be made. A private deployment lets in only BATCH_OPERATOR_IP_ADDRESS. Later: $byHand"
        exit 1
    }

    Start-Sleep -Seconds $wait
}

azd env set BATCH_FIRST_KEY made
Write-Output @"

The first API key, of the project "default". It is shown this once:

  `$env:OPENAI_API_KEY = '$key'
  `$env:OPENAI_BASE_URL = '$env:BATCH_BASE_URL'

"@
