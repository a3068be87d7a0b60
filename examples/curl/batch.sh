#!/usr/bin/env bash
# Takes a file of requests from upload to results with nothing but curl. Asks for OPENAI_BASE_URL and OPENAI_API_KEY.
set -euo pipefail
requests=${1:-"$(dirname "$0")/../requests.jsonl"}

# One property of a JSON answer: enough for ids and a status, which have no quotes in them.
property() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }
ask() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $OPENAI_API_KEY" "$@"; }

file=$(ask "$OPENAI_BASE_URL/files" --form purpose=batch --form "file=@$requests" | property id)
batch=$(ask "$OPENAI_BASE_URL/batches" --json "{\"input_file_id\":\"$file\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}" \
  | sed 's/,.*//' | property id)
echo "Batch $batch" >&2

while true; do
  answer=$(ask "$OPENAI_BASE_URL/batches/$batch")
  status=$(property status <<<"$answer")
  case $status in completed | failed | expired | cancelled) break ;; esac
  sleep 1
done
echo "$status" >&2

output=$(property output_file_id <<<"$answer")
[ -z "$output" ] || ask "$OPENAI_BASE_URL/files/$output/content"
