#!/usr/bin/env bash
# Installs the Debian/Ubuntu packages that building (and, with --tests, testing) needs, and nothing when all are there.
#
#   scripts/system-packages.sh [--tests]
#
# Exit 0: everything for the build is there. Exit 2: something for the build is missing and cannot be installed from
# here; the one line to run is printed. Packages for tests are never fatal: tests that need a missing tool are skipped
# and counted as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

# package=command: the command is enough, whichever package or installer brought it. The others are libraries.
build_packages=(make=make g++=g++ python3=python3 pkg-config=pkg-config cmake=cmake libpcap-dev libzstd-dev zlib1g-dev)
test_packages=(
  tshark=tshark tcpdump=tcpdump nfdump=nfpcapd softflowd=softflowd libndpi-bin=ndpiReader argus-server=argus argus-client=ra
  tcpreplay=tcpreplay iproute2=tc iptables=iptables iputils-ping=ping ethtool=ethtool netcat-openbsd=nc socat=socat hping3=hping3 iperf3=iperf3
  curl=curl zstd=zstd time=/usr/bin/time libcap2-bin=setcap clang=clang nginx-light=nginx dnsmasq-base=dnsmasq
  openssh-server=sshd openssh-client=ssh mosquitto=mosquitto mosquitto-clients=mosquitto_pub redis-server=redis-server redis-tools=redis-cli
  g++-mingw-w64-x86-64-posix=x86_64-w64-mingw32-g++-posix libz-mingw-w64-dev wine64=/usr/lib/wine/wine64
  nmap=nmap ncrack=ncrack dns2tcp=dns2tcpd dsniff=arpspoof bind9-dnsutils=dig
  chromium=/usr/bin/chromium prometheus=promtool avahi-daemon=avahi-daemon lldpd=lldpd samba=nmbd minidlna=minidlnad udhcpc=udhcpc
)
# Any libndpi that pkg-config finds will do.
pkg-config --exists libndpi 2>/dev/null || test_packages+=(libndpi-dev)
# What apt did not have the last time: not asked for again on every run. Removing the file asks again.
unavailable=.cache/stamps/unavailable-packages
mkdir -p .cache/stamps
touch "$unavailable"

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

# Prints the packages of those of its arguments that are not there.
missing_of() {
  local entry installed package
  # dpkg-query fails when it does not know a package; what it knows counts.
  installed=" $({ dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${@%%=*}" 2>/dev/null || true; } | sed -n 's/^installed //p' | tr '\n' ' ')"
  for entry in "$@"; do
    package=${entry%%=*}
    [[ $installed == *" $package "* ]] && continue
    [[ $entry == *=* ]] && PATH="$PATH:/usr/sbin:/sbin" command -v "${entry#*=}" >/dev/null 2>&1 && continue
    echo "$package"
  done
}

# The sanitizer and fuzzer runtimes are a package of their own, named after the version of the default clang.
clang_runtime() {
  local version=''
  if command -v clang >/dev/null 2>&1; then version=$(clang -dumpversion | cut -d. -f1); fi
  [[ -z $version ]] || echo "libclang-rt-$version-dev"
}

missing_for_tests() {
  local package
  [[ $with_tests == yes ]] || return 0
  # shellcheck disable=SC2046 # nothing when there is no clang yet
  missing_of "${test_packages[@]}" $(clang_runtime) | while read -r package; do
    grep -qxF "$package" "$unavailable" || echo "$package"
  done
}

mapfile -t missing_build < <(missing_of "${build_packages[@]}")
mapfile -t missing_test < <(missing_for_tests)
if ((${#missing_build[@]} + ${#missing_test[@]} == 0)); then exit 0; fi
missing="${missing_build[*]} ${missing_test[*]}"
missing=${missing# }

root=()
if ((EUID != 0)); then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    root=(sudo -n)
  else
    echo "weir: system packages are missing; run this once as an administrator:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing" >&2
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
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
fi
if command -v debconf-set-selections >/dev/null 2>&1; then
  echo 'wireshark-common wireshark-common/install-setuid boolean false' | as_root debconf-set-selections
fi

# Installs what apt knows, and says what it does not know.
install() {
  local known=() package
  for package in "$@"; do
    if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then known+=("$package"); else echo "weir: apt does not know $package" >&2; fi
  done
  ((${#known[@]} == 0)) || as_root apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${known[@]}" </dev/null >&2
}

echo "weir: installing $missing" >&2
as_root apt-get update -qq >&2 || echo "weir: apt-get update failed; trying with the lists that are there" >&2
if ((${#missing_build[@]} > 0)); then
  install "${missing_build[@]}" || true
  mapfile -t missing_build < <(missing_of "${build_packages[@]}")
  if ((${#missing_build[@]} > 0)); then
    echo "weir: could not install ${missing_build[*]}, which the build needs" >&2
    exit 2
  fi
fi
# A second round for the runtime of a clang that only the first one brought.
for _ in 1 2; do
  mapfile -t missing_test < <(missing_for_tests)
  ((${#missing_test[@]} > 0)) || exit 0
  # One at a time when apt refuses them together, so that one that cannot be installed costs only itself.
  install "${missing_test[@]}" || for package in "${missing_test[@]}"; do install "$package" || true; done
done
mapfile -t missing_test < <(missing_for_tests)
((${#missing_test[@]} > 0)) || exit 0
printf '%s\n' "${missing_test[@]}" >>"$unavailable"
echo "weir: without ${missing_test[*]}; tests that need them are skipped" >&2
