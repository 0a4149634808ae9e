#!/usr/bin/env bash
# Builds capture_test with address and undefined behaviour sanitizers (libndpi itself has none; what it allocates is watched).
#
#   build.sh OUT_DIR
#
# Over a folder of captures, with a thousand mutations of each:
#   build.sh /tmp/dpi && for seed in $(seq 0 1000); do /tmp/dpi/capture_test --mutate "$seed" FOLDER/* || break; done
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
native="$here/../../../native"
mkdir -p "$1"
read -ra include <<<"$(pkg-config --cflags libndpi | sed 's/-I/-isystem /g')"
read -ra libraries <<<"$(pkg-config --libs libndpi)"
bash "$here/../build-sanitized.sh" "$1/capture_test" address,undefined \
  "$native"/decode/*.cc "${include[@]}" "$here/capture_test.cc" "$native"/dpi/*.cc "${libraries[@]}" -lpcap
