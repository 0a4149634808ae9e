#!/usr/bin/env bash
# Builds capture_test with address and undefined behaviour sanitizers (libndpi itself has none; what it allocates is watched).
#
#   build.sh OUT_DIR
#
# Over a folder of captures, with a thousand mutations of each:
#   build.sh /tmp/dpi && for seed in $(seq 0 1000); do /tmp/dpi/capture_test --mutate "$seed" FOLDER/* || break; done
set -euo pipefail
native="$(cd "$(dirname "$0")/../../../native" && pwd)"
mkdir -p "$1"
flags=(-std=c++17 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Wshadow -Werror -fsanitize=address,undefined -fno-sanitize-recover=undefined)
read -ra include <<<"$(pkg-config --cflags libndpi | sed 's/-I/-isystem /g')"
read -ra libraries <<<"$(pkg-config --libs libndpi)"
"${CXX:-c++}" "${flags[@]}" "${include[@]}" "$(dirname "$0")/capture_test.cc" "$native"/dpi/*.cc "$native"/decode/*.cc "${libraries[@]}" -lpcap -o "$1/capture_test"
