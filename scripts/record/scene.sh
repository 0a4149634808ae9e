#!/usr/bin/env bash
# Runs one service file: makes the network, lets the file start its server, make its traffic and record it, and removes
# everything, whatever happened.
#
#   scripts/record/scene.sh SERVICE-FILE FOLDER
#
#   client 192.0.2.10, 2001:db8::10 ──eth0──eth0── server 192.0.2.20, 2001:db8::20
#   tcpdump listens on the client's end
#
# What service files use: $work (a folder of the scene), $SERVER4, $SERVER6, $USER_NAME, $PASSWORD; `serve`, `client`,
# `client_beside`, `prepare`, `wait_tcp`, `wait_udp`, `capture`, `done_capturing`, `certificate`.
set -euo pipefail
service=$1
folder=$2
here=$(dirname "$0")
readonly SERVER4=192.0.2.20 CLIENT4=192.0.2.10 SERVER6=2001:db8::20 CLIENT6=2001:db8::10
# The invented person who uses all these services; private to the scenes.
readonly USER_NAME=gauge PASSWORD=level-1-24
readonly CLIENT_SECS=15
client_space=weir-rec-client-$$ server_space=weir-rec-server-$$
work=$(mktemp -d /var/tmp/weir-rec.XXXXXX)
chmod 755 "$work"
started=()
beside=''
capturing=''
recorder=''

# shellcheck source=scripts/record/network.sh
source "$here/network.sh"
trap clean_up EXIT
trap 'exit 143' TERM INT HUP
make_accounts
make_network
# shellcheck source=/dev/null
source "$service"
