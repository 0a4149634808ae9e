#!/usr/bin/env bash
# Records the bundled captures anew: real clients and servers in two network namespaces joined by one link, and the
# formats that the reader must know, made from the same frames. Needs root and the packages for tests.
#
#   scripts/record-fixtures.sh [folder]     default: test/fixtures
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath "${1:-test/fixtures}")
work=$(mktemp -d)
export PATH="$PWD/node_modules/.bin:/usr/sbin:$PATH"
client=weir-fix-client-$$ server=weir-fix-server-$$
started=()

clean_up() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

c() { ip netns exec "$client" "$@"; }
s() { ip netns exec "$server" "$@"; }
serve() {
  s "$@" >>"$work/services.log" 2>&1 &
  started+=($!)
}
# Waits until something listens on a TCP port of the server.
wait_port() {
  local attempt
  for attempt in $(seq 100); do
    if s ss -Hltn "sport = :$1" | grep -q .; then return; fi
    sleep 0.05
  done
  echo "nothing listens on port $1 after attempt $attempt" >&2
  cat "$work/services.log" >&2
  return 1
}

# lose NAMESPACE MATCH...: drops TCP packets that arrive there and match.
lose() {
  local side=$1
  shift
  ip -n "$side" link set sink up
  ip -n "$side" link set sink-peer up
  tc -n "$side" qdisc add dev eth0 ingress
  tc -n "$side" filter add dev eth0 parent ffff: protocol ip prio 1 u32 match ip protocol 6 0xff "$@" action mirred egress redirect dev sink
}

make_network() {
  ip netns add "$client"
  ip netns add "$server"
  ip link add eth0 netns "$client" address 02:00:5e:00:00:01 type veth peer name eth0 netns "$server" address 02:00:5e:00:00:02
  local side
  for side in "$client" "$server"; do
    # Frames as on a wire: no super-packets and complete checksums.
    ip netns exec "$side" ethtool -K eth0 tso off gso off gro off tx off rx off >/dev/null
    ip netns exec "$side" sysctl -qw net.ipv6.conf.eth0.accept_dad=0
    ip -n "$side" link set lo up
    ip -n "$side" link set eth0 up
  done
  ip -n "$client" addr add 192.0.2.10/24 dev eth0
  ip -n "$server" addr add 192.0.2.20/24 dev eth0
  ip -n "$client" addr add 2001:db8::10/64 dev eth0 nodad
  ip -n "$server" addr add 2001:db8::20/64 dev eth0 nodad
  # A tunnel inside the same link.
  local number=10
  for side in "$client" "$server"; do
    ip -n "$side" link add vxlan7 type vxlan id 7 dev eth0 dstport 4789 local "192.0.2.$number" remote "192.0.2.$((30 - number))"
    ip -n "$side" addr add "198.51.100.$number/24" dev vxlan7
    ip netns exec "$side" sysctl -qw net.ipv6.conf.vxlan7.disable_ipv6=1
    number=20
  done
  # Loss behind the capture: redirected into a device that nobody listens to. Every 32nd segment of the web server by
  # its IP identification (so the server retransmits, with a new one), and everything to one port.
  ip -n "$client" link add sink type veth peer name sink-peer
  ip -n "$server" link add sink type veth peer name sink-peer
  lose "$client" match ip sport 80 0xffff match u16 0x0007 0x001f at 4 match u16 0x0400 0x0400 at 2
  lose "$server" match ip dport 9999 0xffff
}

start_services() {
  mkdir -p "$work/www" "$work/ssh" "$work/redis"
  head -c 90000 /dev/urandom | base64 -w 76 >"$work/www/page.html"
  echo '{"level":1.24,"flow":"steady"}' >"$work/www/level.json"
  cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 32; }
http {
  access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
  server { listen 80; listen [::]:80; root $work/www; }
}
CONF
  ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host"
  printf 'Port 22\nHostKey %s\nPidFile none\nUsePAM no\n' "$work/ssh/host" >"$work/ssh/config"
  printf 'listener 1883\nallow_anonymous true\npersistence false\n' >"$work/mosquitto.conf"
  mkdir -p /run/sshd
  serve nginx -c "$work/nginx.conf"
  serve dnsmasq --no-daemon --no-resolv --no-hosts --user=root --pid-file= --local=/example.net/ \
    --host-record=weir.example.net,192.0.2.20,2001:db8::20 --txt-record=weir.example.net,level --mx-host=example.net,weir.example.net,10
  serve /usr/sbin/sshd -D -e -f "$work/ssh/config"
  serve mosquitto -c "$work/mosquitto.conf"
  serve redis-server --bind 0.0.0.0 --protected-mode no --save '' --dir "$work/redis"
  local port
  for port in 80 53 22 1883 6379; do wait_port "$port"; done
}

make_traffic() {
  cat >"$work/names.mjs" <<'CODE'
import { Resolver } from 'node:dns/promises';
const resolver = new Resolver({ timeout: 1000, tries: 1 });
resolver.setServers(['192.0.2.20']);
const ask = (type, name) => resolver.resolve(name, type).catch((error) => error.code);
for (const type of ['A', 'AAAA', 'TXT']) await ask(type, 'weir.example.net');
await ask('MX', 'example.net');
await ask('A', 'no-such-name.example.net');
resolver.setServers(['[2001:db8::20]']);
await ask('AAAA', 'weir.example.net');
CODE
  c ping -q -c 3 -i 0.2 192.0.2.20
  c ping -q -c 2 -i 0.2 2001:db8::20
  c ping -q -c 1 -s 4000 192.0.2.20
  c ping -q -c 1 -s 3000 2001:db8::20
  c node "$work/names.mjs"
  c curl -sS -o /dev/null http://192.0.2.20/level.json http://192.0.2.20/level.json
  c curl -sS -o /dev/null 'http://[2001:db8::20]/level.json'
  c curl -sS -o /dev/null http://192.0.2.20/page.html
  c curl -sS -o /dev/null http://192.0.2.20/no-such-page
  c ssh-keyscan -t ed25519 192.0.2.20
  c ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentityFile=none -F none nobody@192.0.2.20 true || true
  c mosquitto_sub -h 192.0.2.20 -t 'gauge/#' -C 3 &
  local subscriber=$!
  sleep 0.3
  local level
  for level in 1.21 1.24 1.30; do c mosquitto_pub -h 192.0.2.20 -t gauge/level -m "$level"; done
  wait "$subscriber"
  local command
  for command in 'SET level 1.24' 'INCR visits' 'GET level'; do
    # shellcheck disable=SC2086 # one word per argument
    c redis-cli -h 192.0.2.20 $command
  done
  # A port that refuses, one that never answers, and a datagram that nobody wants.
  c nc -z -w 1 192.0.2.20 8443 || true
  c nc -z -w 1 192.0.2.20 9999 || true
  echo gauge | c nc -u -w 1 192.0.2.20 9998 || true
  ip -n "$client" link set vxlan7 up
  ip -n "$server" link set vxlan7 up
  c ping -q -c 2 -i 0.2 198.51.100.20
  c curl -sS -o /dev/null http://198.51.100.20/level.json
}

# Starts tcpdump in the server's namespace and returns when it captures; its id in $recorder.
record() {
  local attempt
  ip netns exec "$server" tcpdump -i "$1" -w "$2" -U -Z root "${@:3}" 2>"$2.log" &
  recorder=$!
  started+=("$recorder")
  for attempt in $(seq 100); do
    if grep -q 'listening on' "$2.log"; then return; fi
    sleep 0.05
  done
  echo "tcpdump does not start after attempt $attempt" >&2
  return 1
}

make_network
start_services
record eth0 "$work/demo.pcap"
ethernet=$recorder
record any "$work/cooked.pcap" -y LINUX_SLL2 icmp or port 53
cooked=$recorder
make_traffic >"$work/traffic.log" 2>&1 || { cat "$work/traffic.log" >&2; exit 1; }
sleep 0.5
kill -INT "$ethernet" "$cooked"
wait "$ethernet" "$cooked" || true

record eth0 "$work/scan.pcap" tcp
c nmap -sS -n -Pn --max-rate 100 -p 1-60 192.0.2.20 >"$work/nmap.log"
# tcpdump gets what the kernel has gathered for a second.
sleep 1.5
kill -INT "$recorder"
wait "$recorder" || true

cp "$work/demo.pcap" "$out/demo.pcap"
cp "$work/scan.pcap" "$out/scan.pcap"
# The formats, from the first frames.
editcap -r -F pcap "$out/demo.pcap" "$work/small.pcap" 1-40
editcap -r -F pcap "$work/cooked.pcap" "$work/cooked-small.pcap" 1-20
editcap -F pcapng "$work/small.pcap" "$out/small.pcapng"
editcap -F nsecpcap "$work/small.pcap" "$out/nanoseconds.pcap"
mergecap -w "$out/two-link-types.pcapng" "$work/small.pcap" "$work/cooked-small.pcap"
gzip -9nc "$work/small.pcap" >"$out/small.pcap.gz"
zstd -q -19 -f "$work/small.pcap" -o "$out/small.pcap.zst"
node scripts/rewrite-capture.ts big-endian "$work/small.pcap" "$out/big-endian.pcap"
node scripts/rewrite-capture.ts truncate "$work/small.pcap" "$out/truncated.pcap"
node scripts/rewrite-capture.ts empty "$work/small.pcap" "$out/empty.pcap"
cp "$work/small.pcap" "$out/small.pcap"
ls -l "$out"
