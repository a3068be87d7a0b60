#!/usr/bin/env bash
# The README's three lines for the Functions host, and what they serve: upload, batch, list, download, cancel, and a kill in
# mid-batch with a restart. Every line of every batch is accounted for.
# Needs: dotnet, node, func (azure-functions-core-tools@4), azurite (on its usual ports, which must be free), curl, jq.
#
# SMOKE_START    another command that starts the service, to try the rest against it, for instance the self-host:
#                "dotnet run --no-build -c Release --project src/BatchFunctions.SelfHost -- --urls http://127.0.0.1:17071"
# SMOKE_AZURITE  another command that starts Azurite.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
upstream_port=18080
api_port=17071
api="http://127.0.0.1:$api_port"
started=()
service=
settings_made=

finish() {
  local code=$?
  stop_service -KILL
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  if [ "$code" -ne 0 ]; then
    echo "--- the service said:" >&2
    tail -n 100 "$work/service.log" >&2 || true
  fi
  [ -z "$settings_made" ] || rm -f "$root/local.settings.json"
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "$*" >&2
  exit 1
}

# Runs a command until it succeeds, at most the given number of seconds.
eventually() {
  local seconds=$1
  shift
  local end=$((SECONDS + seconds))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || fail "Gave up after $seconds s: $*"
    sleep 1
  done
}

healthy() {
  curl -fsS -o "$work/health.json" "$api/healthz" 2>/dev/null
}

# In a process group of its own, so that host and worker can be killed together.
start_service() {
  if [ -n "${SMOKE_START:-}" ]; then
    (cd "$root" && exec setsid bash -c "exec $SMOKE_START") >>"$work/service.log" 2>&1 &
  else
    (cd "$root/src/BatchFunctions.FunctionApp/bin/Release/net10.0" && exec setsid func start --port "$api_port") >>"$work/service.log" 2>&1 &
  fi
  service=$!
  eventually 120 healthy
}

stop_service() {
  [ -n "$service" ] || return 0
  kill "$1" -- "-$service" 2>/dev/null || true
  wait "$service" 2>/dev/null || true
  service=
}

call() {
  curl -fsS -H "Authorization: Bearer $key" "$@"
}

status_of() {
  curl -s -o /dev/null -w '%{http_code}' "$@"
}

# lines COUNT TEXT: an input whose lines ask for TEXT.
lines() {
  local i
  for i in $(seq "$1"); do
    printf '{"custom_id":"line-%d","method":"POST","url":"/v1/chat/completions","body":{"model":"echo","messages":[{"role":"user","content":"%s %d"}]}}\n' "$i" "$2" "$i"
  done
}

# create COUNT TEXT: uploads lines, makes a batch of them, and leaves its id in $batch.
create() {
  local file
  lines "$1" "$2" >"$work/input.jsonl"
  file=$(call -F purpose=batch -F "file=@$work/input.jsonl" "$api/v1/files" | jq -er .id)
  batch=$(call -H 'Content-Type: application/json' "$api/v1/batches" \
    -d "{\"input_file_id\":\"$file\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}" | jq -er .id)
}

# batch_is FILTER: whether the batch is as the filter says; keeps it in batch.json.
batch_is() {
  call "$api/v1/batches/$batch" >"$work/batch.json" && jq -e "$1" "$work/batch.json" >/dev/null
}

# shellcheck disable=SC2016 # The variable is jq's.
ended='.status as $s | ["completed", "failed", "expired", "cancelled"] | index($s) != null'
begun='.status == "in_progress" and .request_counts.completed > 0'

expect() {
  batch_is "$1" || fail "The batch is not as expected ($1): $(cat "$work/batch.json")"
}

# Both files of the batch into output.jsonl and error.jsonl.
download() {
  local kind id
  for kind in output error; do
    id=$(jq -r ".${kind}_file_id // empty" "$work/batch.json")
    : >"$work/$kind.jsonl"
    [ -z "$id" ] || call "$api/v1/files/$id/content" >"$work/$kind.jsonl"
  done
}

# every_line COUNT: each custom_id is in one of the files, once.
every_line() {
  diff <(seq -f 'line-%.0f' "$1" | sort) <(jq -r .custom_id "$work/output.jsonl" "$work/error.jsonl" | sort) ||
    fail "Lines of $batch are missing, or there twice."
}

# shellcheck disable=SC2086 # A command with its arguments.
${SMOKE_AZURITE:-azurite} --silent --location "$work/azurite" --skipApiVersionCheck --disableTelemetry &
started+=($!)
node "$root/tests/smoke/echo-upstream.mjs" "$upstream_port" &
started+=($!)

# The environment goes before local.settings.json.
export AzureWebJobsStorage=UseDevelopmentStorage=true
export Batch__Upstream__BaseUrl="http://127.0.0.1:$upstream_port/v1"
export Batch__Upstream__Concurrency=8
eventually 30 bash -c 'exec 3<>/dev/tcp/127.0.0.1/10002' 2>/dev/null

dotnet build -c Release --nologo -v quiet "$root/src/BatchFunctions.SelfHost"
if [ -z "${SMOKE_START:-}" ]; then
  [ -e "$root/local.settings.json" ] || { settings_made=yes && cp "$root/local.settings.sample.json" "$root/local.settings.json"; }
  dotnet build -c Release --nologo -v quiet "$root/src/BatchFunctions.FunctionApp"
fi
start_service
key=$(dotnet run --no-build -c Release --project "$root/src/BatchFunctions.SelfHost" -- keys add --project smoke --storage UseDevelopmentStorage=true)

echo 'Upload, batch, list, download'
create 3 text
eventually 120 batch_is "$ended"
expect '.status == "completed" and .request_counts == {"total": 3, "completed": 3, "failed": 0}'
call "$api/v1/batches?limit=1" | jq -e --arg id "$batch" '.first_id == $id and .has_more == false' >/dev/null
download
every_line 3
[ "$(jq -r '.custom_id + " " + .response.body.choices[0].message.content' "$work/output.jsonl" | sort)" = "$(printf 'line-%d text %d\n' 1 1 2 2 3 3)" ] ||
  fail "The output is not what the upstream answered: $(cat "$work/output.jsonl")"

echo 'Page and errors'
curl -fsS "$api/" | grep "<title>Batches</title>" >/dev/null
[ "$(curl -fsS -o /dev/null -w '%{content_type}' "$api/page/main.js")" = 'text/javascript; charset=utf-8' ]
curl -fsS -H 'Accept-Encoding: br, gzip' -D - -o /dev/null "$api/page/main.js" | tr -d '\r' | grep -ix 'content-encoding: br' >/dev/null
[ "$(curl -fsSI -o /dev/null -w '%{http_code}' "$api/")" = 200 ]
[ "$(status_of "$api/v1/batches")" = 401 ]
[ "$(status_of -X PUT "$api/v1/batches")" = 405 ]

echo 'Cancel'
create 200 slow
eventually 120 batch_is "$begun"
call -X POST "$api/v1/batches/$batch/cancel" | jq -e '.status == "cancelling" or .status == "cancelled"' >/dev/null
eventually 120 batch_is "$ended"
expect '.status == "cancelled" and .request_counts.total == 200 and .request_counts.completed < 200'
download
every_line 200
[ "$(jq -r .request_counts.completed "$work/batch.json")" = "$(wc -l <"$work/output.jsonl")" ] || fail 'The count is not that of the file.'

echo 'Kill and restart'
create 200 slow
eventually 120 batch_is "$begun"
stop_service -KILL
start_service
eventually 300 batch_is "$ended"
expect '.status == "completed" and .request_counts == {"total": 200, "completed": 200, "failed": 0}'
download
every_line 200

echo "The smoke test passed; the last batch was $batch."
