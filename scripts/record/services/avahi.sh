# needs: avahi-daemon=avahi-daemon
# Multicast DNS has one port; here a host that announces itself and a service.
# shellcheck shell=bash disable=SC2154
mkdir "$work/services"
cat >"$work/avahi.conf" <<CONF
[server]
host-name=gauge-7
use-ipv6=no
enable-dbus=no
allow-interfaces=eth0
[publish]
publish-hinfo=no
publish-workstation=yes
CONF
ip -n "$server_space" route add 224.0.0.0/4 dev eth0
capture mdns udp port 5353
serve sh -c "exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f $work/avahi.conf"
done_capturing 4
