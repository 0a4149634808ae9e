# The stage of a scene: namespaces, accounts, servers, clients, tcpdump. Sourced by scene.sh, which sets the variables.
# shellcheck shell=bash disable=SC2154,SC2016

# Ends what runs in a namespace of ours, by process ids, and removes it. `unshare --kill-child` alone is not enough: the
# kernel forgets it when a server changes its user.
remove_space() {
  local pid
  for pid in $(ip netns pids "$1" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
  ip netns del "$1" 2>/dev/null || true
}

clean_up() {
  local pid
  # The shell would report each process that it kills.
  exec 2>/dev/null
  for pid in "${started[@]}" $recorder; do kill -KILL "$pid" 2>/dev/null || true; done
  remove_space "$client_space"
  remove_space "$server_space"
  wait 2>/dev/null || true
  rm -rf "$work"
}

# What a killed scene left behind: the names hold its process id.
remove_leftovers() {
  local space
  for space in $(ip netns list | grep -oE '^weir-rec-(client|server)-[0-9]+'); do
    [[ -d /proc/${space##*-} ]] || remove_space "$space"
  done
}

make_network() {
  local side
  remove_leftovers
  ip netns add "$client_space"
  ip netns add "$server_space"
  for side in "$client_space" "$server_space"; do
    # No link-local addresses, hence no solicitations of the kernel's own.
    ip netns exec "$side" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
  done
  # Made inside: no interface of the machine is touched.
  ip -n "$client_space" link add eth0 address 02:00:5e:00:00:10 type veth peer name eth0 netns "$server_space" address 02:00:5e:00:00:20
  for side in "$client_space" "$server_space"; do
    # Frames as on a wire: no super-packets and complete checksums.
    ip netns exec "$side" ethtool -K eth0 tso off gso off gro off tx off rx off >/dev/null
    ip -n "$side" link set lo up
    ip -n "$side" link set eth0 up
  done
  ip -n "$client_space" addr add "$CLIENT4/24" dev eth0
  ip -n "$server_space" addr add "$SERVER4/24" dev eth0
  ip -n "$client_space" addr add "$CLIENT6/64" dev eth0 nodad
  ip -n "$server_space" addr add "$SERVER6/64" dev eth0 nodad
}

# The system's accounts plus the invented one, for servers that check system passwords. Bound over /etc inside only.
make_accounts() {
  mkdir -p "$work/etc" "$work/home"
  cp -p /etc/passwd /etc/shadow "$work/etc/"
  echo "$USER_NAME:x:4242:4242::/home/$USER_NAME:/bin/sh" >>"$work/etc/passwd"
  echo "$USER_NAME:$(openssl passwd -6 "$PASSWORD"):19000:0:99999:7:::" >>"$work/etc/shadow"
  printf '127.0.0.1 localhost\n%s levels.example mail.example server.example\n%s client.example\n' "$SERVER4" "$CLIENT4" >"$work/etc/hosts"
  echo 'shared by all' >"$work/home/readme.txt"
  chown -R 4242:4242 "$work/home"
}

# inside SPACE HOST COMMAND...: with namespaces of its own for processes, mounts and the host name, and a clean
# environment: no server sees or tells anything of the machine. `exec` because the process started must be the one that ends it.
inside() {
  local space=$1 host=$2
  shift 2
  exec ip netns exec "$space" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="/home/$USER_NAME" USER="$USER_NAME" LOGNAME="$USER_NAME" LANG=C.UTF-8 \
    TERM=dumb WORK="$work" HOST="$host" \
    unshare --mount --uts --ipc --pid --fork --kill-child --mount-proc sh -c '
      hostname "$HOST"
      for file in passwd shadow hosts; do mount --bind "$WORK/etc/$file" "/etc/$file"; done
      mount -t tmpfs -o mode=755 none /run && mkdir -m 1777 /run/lock /run/sshd
      chmod 755 /run/sshd
      mount -t tmpfs none /tmp
      mount -t tmpfs none /home && mkdir "$HOME" && mount --bind "$WORK/home" "$HOME"
      exec "$@"' sh "$@"
}

# A server: runs until the scene ends.
serve() {
  (inside "$server_space" server.example "$@") >>"$work/services.log" 2>&1 </dev/null &
  started+=($!)
}
# A command on the server's side that ends: data directories, accounts of databases.
prepare() { (inside "$server_space" server.example timeout 60 "$@") >>"$work/services.log" 2>&1; }
# A client: to its end, or for CLIENT_SECS.
client() { (inside "$client_space" client.example timeout -k 1 "$CLIENT_SECS" "$@"); }
# A client that runs beside others; ends with the scene at the latest. Its process id is in $beside.
client_beside() {
  (inside "$client_space" client.example timeout -k 1 "$CLIENT_SECS" "$@") >>"$work/clients.log" 2>&1 </dev/null &
  beside=$!
  started+=("$beside")
}

wait_for() {
  local attempt
  for attempt in $(seq 300); do
    if ip netns exec "$server_space" ss -Hln "$1" "sport = :$2" | grep -q .; then return; fi
    sleep 0.1
  done
  echo "nothing listens on port $2 ($1) after attempt $attempt" >&2
  tail -n 40 "$work/services.log" >&2
  return 1
}
wait_tcp() { wait_for -t "$1"; }
wait_udp() { wait_for -u "$1"; }

# capture NAME FILTER...: returns when tcpdump captures.
capture() {
  local attempt
  capturing=$1
  shift
  : >"$work/tcpdump.log"
  ip netns exec "$client_space" timeout -k 1 60 tcpdump -i eth0 -w "$work/$capturing.pcap" -U --immediate-mode -Z root "$@" 2>"$work/tcpdump.log" &
  recorder=$!
  for attempt in $(seq 100); do
    if grep -q 'listening on' "$work/tcpdump.log"; then return; fi
    sleep 0.05
  done
  echo "tcpdump does not start after attempt $attempt" >&2
  cat "$work/tcpdump.log" >&2
  return 1
}

# Waits for the last acknowledgements, then keeps the capture.
done_capturing() {
  sleep "${1:-0.4}"
  kill -INT "$recorder"
  wait "$recorder" || true
  recorder=''
  cp "$work/$capturing.pcap" "$folder/$capturing.pcap"
  echo "$capturing.pcap: $(stat -c %s "$folder/$capturing.pcap") bytes"
}

# certificate NAME [HOST]: a self-signed one, $work/NAME.crt and $work/NAME.key.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -keyout "$work/$1.key" -out "$work/$1.crt" \
    -subj "/O=Weir Gauges/CN=${2:-levels.example}" -addext "subjectAltName=DNS:${2:-levels.example}" 2>>"$work/services.log"
  chmod 644 "$work/$1.key"
}
