# needs: dnsmasq-base=dnsmasq isc-dhcp-client=dhclient
# A lease, on other ports than 67 and 68. The script that would set the address is left out.
# shellcheck shell=bash disable=SC2154
serve dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --pid-file= --dhcp-alternate-port=1067,1068 \
  --dhcp-range=192.0.2.100,192.0.2.110,1h --dhcp-leasefile="$work/leases" --domain=levels.example --dhcp-authoritative --no-ping
wait_udp 1067
printf 'send host-name "gauge-7";\nsend vendor-class-identifier "gauge-reader";\nrequest subnet-mask, routers, domain-name;\n' >"$work/dhclient.conf"
capture dhcp udp portrange 1067-1068
client_beside dhclient -1 -d -4 -p 1068 -cf "$work/dhclient.conf" -lf "$work/client-leases" -pf "$work/dhclient.pid" -sf /bin/true eth0
sleep 6
done_capturing
