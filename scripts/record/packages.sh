#!/usr/bin/env bash
# Installs those Debian packages whose command is not there yet, without starting what they bring.
#
#   scripts/record/packages.sh package=command ...
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

missing=()
for entry in "$@"; do
  # A path for what is not in PATH (postgres), a bare name for the rest.
  command -v "${entry#*=}" >/dev/null 2>&1 || compgen -G "${entry#*=}" >/dev/null || missing+=("${entry%%=*}")
done
((${#missing[@]} > 0)) || exit 0

# Scripts of packages ask policy-rc.d before they start anything; 101 forbids it.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
install=(apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}")
"${install[@]}" </dev/null >&2 || { apt-get update -qq >&2 && "${install[@]}" </dev/null >&2; }
