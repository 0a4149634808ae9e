#!/usr/bin/env bash
# Records the captures of test/fixtures/captures anew: real clients and servers, almost all on ports that are not theirs,
# between two network namespaces joined by one link. Needs root, and apt for servers that are not installed yet.
#
#   scripts/record-captures.sh [service ...]      default: every file of scripts/record/services
#
# What a flow must be recognised as stands in test/fixtures/captures/*.ts. It is written from what the scripts make the
# clients do (names, users and ports are in the scripts), never from what the sensor says. The second opinion is
# tshark's: scripts/record/referee.ts gives it every flow with the protocol that we expect there ("decode as", by
# transport and server port) and demands that it finds the fields that we expect.
#
# A service never starts outside of its namespace: installing starts none (packages.sh), each runs in namespaces of its
# own for network, processes, mounts and host name (scene.sh), and ends with the process that was started here.
set -euo pipefail
cd "$(dirname "$0")/.."
((EUID == 0)) || { echo 'record-captures: needs root' >&2; exit 2; }
export PATH="$PWD/node_modules/.bin:/usr/sbin:/sbin:$PATH"
folder=$PWD/test/fixtures/captures
# Installing is not part of it. A scene that takes longer hangs.
readonly SCENE_SECS=90
readonly MOST_BYTES=40960
readonly MOST_TOTAL_BYTES=1500000

services=("$@")
if ((${#services[@]} == 0)); then
  for file in scripts/record/services/*.sh; do services+=("$(basename "$file" .sh)"); done
fi

failed=()
for service in "${services[@]}"; do
  file=scripts/record/services/$service.sh
  [[ -f $file ]] || { echo "record-captures: no service is called $service" >&2; exit 2; }
  # Each service file says on a line of its own which packages it needs, as package=command.
  mapfile -t packages < <(sed -n 's/^# needs: //p' "$file" | tr ' ' '\n')
  echo "== $service"
  if ! bash scripts/record/packages.sh "${packages[@]}" || ! timeout -k 5 "$SCENE_SECS" bash scripts/record/scene.sh "$file" "$folder"; then
    failed+=("$service")
  fi
done

total=0
for capture in "$folder"/*.pcap; do
  bytes=$(stat -c %s "$capture")
  total=$((total + bytes))
  if ((bytes > MOST_BYTES)); then echo "record-captures: $(basename "$capture") has $bytes bytes, at most $MOST_BYTES" >&2; failed+=("$capture"); fi
done
if ((total > MOST_TOTAL_BYTES)); then echo "record-captures: $total bytes in all, at most $MOST_TOTAL_BYTES" >&2; failed+=(total); fi
node scripts/record/referee.ts || failed+=(referee)
((${#failed[@]} == 0)) || { echo "record-captures: failed: ${failed[*]}" >&2; exit 1; }
