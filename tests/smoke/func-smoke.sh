#!/usr/bin/env bash
# A batch from upload to output, through the real Functions host, Azurite and an echo upstream.
# Needs: dotnet, node, func (azure-functions-core-tools@4), azurite (on its usual ports, which must be free), curl, jq.
# The Functions app and the self-host must be built in Release: dotnet build -c Release.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
upstream_port=18080
api_port=17071
api="http://127.0.0.1:$api_port"
started=()

finish() {
  local code=$?
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  if [ "$code" -ne 0 ]; then
    echo "--- the Functions host said:" >&2
    tail -n 100 "$work/func.log" >&2 || true
  fi
  rm -rf "$work"
}
trap finish EXIT

# Runs a command until it succeeds, at most the given number of seconds.
eventually() {
  local seconds=$1
  shift
  local end=$((SECONDS + seconds))
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "Gave up after $seconds s: $*" >&2
      return 1
    fi
    sleep 1
  done
}

azurite --silent --location "$work/azurite" --skipApiVersionCheck --disableTelemetry &
started+=($!)
node "$root/tests/smoke/echo-upstream.mjs" "$upstream_port" &
started+=($!)

export AzureWebJobsStorage=UseDevelopmentStorage=true
export FUNCTIONS_WORKER_RUNTIME=dotnet-isolated
export AzureWebJobsDisableHomepage=true
export Batch__Upstream__BaseUrl="http://127.0.0.1:$upstream_port/v1"
export Batch__AdvanceDelay=00:00:00
eventually 30 bash -c 'exec 3<>/dev/tcp/127.0.0.1/10002' 2>/dev/null

(cd "$root/src/BatchFunctions.FunctionApp/bin/Release/net10.0" && exec func start --port "$api_port" --no-build) >"$work/func.log" 2>&1 &
started+=($!)
eventually 120 curl -fsS -o "$work/health.json" "$api/healthz" 2>/dev/null

key=$(dotnet run --no-build -c Release --project "$root/src/BatchFunctions.SelfHost" -- \
  keys add --project smoke --storage UseDevelopmentStorage=true)

call() {
  curl -fsS -H "Authorization: Bearer $key" "$@"
}

for i in 1 2 3; do
  printf '{"custom_id":"line-%d","method":"POST","url":"/v1/chat/completions","body":{"model":"echo","messages":[{"role":"user","content":"text %d"}]}}\n' "$i" "$i"
done >"$work/input.jsonl"

file=$(call -F purpose=batch -F "file=@$work/input.jsonl" "$api/v1/files" | jq -er .id)
batch=$(call -H 'Content-Type: application/json' "$api/v1/batches" \
  -d "{\"input_file_id\":\"$file\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}" | jq -er .id)

ended() {
  call "$api/v1/batches/$batch" >"$work/batch.json"
  jq -e '.status as $s | ["completed", "failed", "expired", "cancelled"] | index($s) != null' "$work/batch.json" >/dev/null
}
eventually 120 ended
jq -e '.status == "completed" and .request_counts == {"total": 3, "completed": 3, "failed": 0}' "$work/batch.json" >/dev/null || {
  cat "$work/batch.json" >&2
  exit 1
}

call "$api/v1/batches?limit=1" | jq -e --arg id "$batch" '.first_id == $id and .has_more == false' >/dev/null
call "$api/v1/files/$(jq -r .output_file_id "$work/batch.json")/content" >"$work/output.jsonl"
[ "$(jq -r '.custom_id + " " + .response.body.choices[0].message.content' "$work/output.jsonl" | sort)" = "$(printf 'line-%d text %d\n' 1 1 2 2 3 3)" ]
curl -fsS "$api/" | grep "<title>Batches</title>" >/dev/null
[ "$(curl -fsS -o /dev/null -w '%{content_type}' "$api/page/main.js")" = 'text/javascript; charset=utf-8' ]
[ "$(curl -fsSI -o /dev/null -w '%{http_code}' "$api/")" = 200 ]
[ "$(curl -s -o /dev/null -w '%{http_code}' "$api/v1/batches")" = 401 ]
[ "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$api/v1/batches")" = 405 ]
echo "The smoke test passed: $batch completed."
