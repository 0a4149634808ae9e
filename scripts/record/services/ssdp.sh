# needs: python3=/usr/bin/python3
# A search by multicast on a port of its own, and one answer, as control points and devices send them.
# shellcheck shell=bash disable=SC2154
ip -n "$client_space" route add 224.0.0.0/4 dev eth0
ip -n "$server_space" route add 224.0.0.0/4 dev eth0
serve /usr/bin/python3 "$here/ssdp-device.py" "$SERVER4" 2900
wait_udp 2900
capture ssdp udp
client /usr/bin/python3 "$here/ssdp-search.py" "$CLIENT4" 2900
done_capturing
