#!/bin/sh
# Makes a first API key and prints it: once for each environment, and never into the logs of a pipeline.
set -eu

if [ "${BATCH_FIRST_KEY:-}" = made ]; then
  exit 0
fi

make_key() {
  dotnet run --project src/BatchFunctions.SelfHost -- \
    keys add --project default --name first --storage "$BATCH_TABLE_ENDPOINT"
}

by_hand="dotnet run --project src/BatchFunctions.SelfHost -- keys add --project default --storage $BATCH_TABLE_ENDPOINT"

if [ -n "${CI:-}" ]; then
  echo "No API key is made in a pipeline, whose logs are kept. Make one with: $by_hand"
  exit 0
fi

# Nobody outside of its network reaches such a storage: to try would be in vain, at every provision.
case "${BATCH_VNET_ENABLED:-}:${BATCH_OPERATOR_IP_ADDRESS:-}" in
  [Tt]rue: | TRUE: | 1:)
    echo "No API key is made: the storage is private, and BATCH_OPERATOR_IP_ADDRESS names no machine that may reach it. Set it to this one's public IPv4 address and run azd provision again, which makes the key; or, from inside the network: $by_hand"
    exit 0
    ;;
esac

echo 'Making a first API key. A role that was just given takes some minutes to count, so this may try again.'
tries=1
until key=$(make_key); do
  if [ "$tries" -ge "${BATCH_KEY_TRIES:-10}" ]; then
    echo "No API key could be made. A private deployment lets in only BATCH_OPERATOR_IP_ADDRESS. Later: $by_hand" >&2
    exit 1
  fi
  tries=$((tries + 1))
  sleep "${BATCH_KEY_WAIT_SECONDS:-30}"
done

azd env set BATCH_FIRST_KEY made
cat <<TEXT

The first API key, of the project "default". It is shown this once:

  export OPENAI_API_KEY=$key
  export OPENAI_BASE_URL=$BATCH_BASE_URL

TEXT
