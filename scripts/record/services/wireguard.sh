# needs: wireguard-go=wireguard-go wireguard-tools=wg iputils-ping=ping
# In user space, so that it works where the kernel has no module.
# shellcheck shell=bash disable=SC2154,SC2016
for side in server client; do
  (umask 077 && wg genkey >"$work/$side.private")
  wg pubkey <"$work/$side.private" >"$work/$side.public"
done
printf '[Interface]\nPrivateKey = %s\nListenPort = 41820\n[Peer]\nPublicKey = %s\nAllowedIPs = 198.51.100.10/32\n' \
  "$(cat "$work/server.private")" "$(cat "$work/client.public")" >"$work/server.conf"
printf '[Interface]\nPrivateKey = %s\nListenPort = 41821\n[Peer]\nPublicKey = %s\nAllowedIPs = 198.51.100.20/32\nEndpoint = %s:41820\n' \
  "$(cat "$work/client.private")" "$(cat "$work/server.public")" "$SERVER4" >"$work/client.conf"
# $0 = the configuration, $1 = the address in the tunnel; then a command.
tunnel='WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 wireguard-go -f wg0 & sleep 1
  wg setconf wg0 "$0"; ip address add "$1/24" dev wg0; ip link set wg0 up; shift; "$@"'
serve sh -c "$tunnel" "$work/server.conf" 198.51.100.20 sleep 60
wait_udp 41820
capture wireguard udp port 41820
client sh -c "$tunnel" "$work/client.conf" 198.51.100.10 ping -q -c 2 -i 0.3 198.51.100.20 >/dev/null 2>&1
done_capturing
