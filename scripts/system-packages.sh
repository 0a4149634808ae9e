#!/usr/bin/env bash
# Installs the Debian/Ubuntu packages that building (and, with --tests, testing) needs, and nothing when all are there.
#
#   scripts/system-packages.sh [--tests]
#
# Exit 0: everything for the build is there. Exit 2: something for the build is missing and cannot be installed from
# here; the one line to run is printed. Packages for tests are never fatal: tests that need a missing tool are skipped
# and counted as skipped.
set -euo pipefail

build_packages=(make g++ python3 pkg-config cmake libpcap-dev libzstd-dev zlib1g-dev)
test_packages=(
  tshark tcpdump nfdump softflowd libndpi-bin argus-server argus-client tcpreplay
  iproute2 iputils-ping ethtool netcat-openbsd socat hping3 iperf3 curl zstd time libcap2-bin
  clang nginx-light dnsmasq-base openssh-server openssh-client
  mosquitto mosquitto-clients redis-server redis-tools
)

with_tests=no
[[ ${1:-} == --tests ]] && with_tests=yes

# Systems without dpkg: the build needs these three libraries, whatever the packages are called there.
if ! command -v dpkg-query >/dev/null 2>&1; then
  for library in libpcap libzstd zlib; do
    if ! pkg-config --exists "$library" 2>/dev/null; then
      echo "weir: $library with its headers, pkg-config, make, python3 and a C++17 compiler are needed to build; install them with your package tool" >&2
      exit 2
    fi
  done
  exit 0
fi

# Prints those of its arguments that are not installed.
missing_of() {
  local installed package
  installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ')"
  for package in "$@"; do
    [[ $installed == *" $package "* ]] || echo "$package"
  done
}

# The sanitizer and fuzzer runtimes are a package of their own, named after the version of the default clang.
clang_runtime() {
  local version
  version=$(clang -dumpversion 2>/dev/null | cut -d. -f1)
  [[ -n $version ]] || version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]\+\)$/\1/p' | head -n 1)
  [[ -n $version ]] && echo "libclang-rt-$version-dev"
}

mapfile -t missing_build < <(missing_of "${build_packages[@]}")
missing_test=()
if [[ $with_tests == yes ]]; then
  runtime=$(clang_runtime || true)
  mapfile -t missing_test < <(missing_of "${test_packages[@]}" ${runtime:+"$runtime"})
  # Before clang is there its version is unknown: the runtime follows in a second step below.
fi
if ((${#missing_build[@]} + ${#missing_test[@]} == 0)); then exit 0; fi

root=()
if ((EUID != 0)); then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    root=(sudo -n)
  else
    echo "weir: system packages are missing; run this once as an administrator:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing_build[*]} ${missing_test[*]}" >&2
    ((${#missing_build[@]} == 0)) || exit 2
    echo "weir: going on without them; tests that need them are skipped" >&2
    exit 0
  fi
fi
as_root() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive "$@"; }

# Some of the packages bring services. None of them may start: policy-rc.d answers 101 (forbidden) meanwhile.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'as_root rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
fi
if command -v debconf-set-selections >/dev/null 2>&1; then
  echo 'wireshark-common wireshark-common/install-setuid boolean false' | as_root debconf-set-selections
fi

# Installs what apt knows, and says what it does not know.
install() {
  local known=() unknown=() package
  for package in "$@"; do
    if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then known+=("$package"); else unknown+=("$package"); fi
  done
  ((${#unknown[@]} == 0)) || echo "weir: apt does not know: ${unknown[*]}" >&2
  ((${#known[@]} == 0)) || as_root apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${known[@]}" </dev/null >&2
}

echo "weir: installing ${missing_build[*]} ${missing_test[*]}" >&2
as_root apt-get update -qq >&2 || echo "weir: apt-get update failed; trying with the lists that are there" >&2
if ((${#missing_build[@]} > 0)); then
  install "${missing_build[@]}" || true
  mapfile -t missing_build < <(missing_of "${build_packages[@]}")
  if ((${#missing_build[@]} > 0)); then
    echo "weir: could not install ${missing_build[*]}, which the build needs" >&2
    exit 2
  fi
fi
if ((${#missing_test[@]} > 0)); then
  install "${missing_test[@]}" || true
  runtime=$(clang_runtime || true)
  mapfile -t missing_test < <(missing_of "${test_packages[@]}" ${runtime:+"$runtime"})
  if ((${#missing_test[@]} > 0)); then install "${missing_test[@]}" || true; fi
  mapfile -t missing_test < <(missing_of "${test_packages[@]}" ${runtime:+"$runtime"})
  ((${#missing_test[@]} == 0)) || echo "weir: without ${missing_test[*]}; tests that need them are skipped" >&2
fi
