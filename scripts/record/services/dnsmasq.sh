# needs: dnsmasq-base=dnsmasq bind9-dnsutils=dig
# DNS over UDP and TCP, with EDNS and a client subnet, over IPv4 and IPv6.
# shellcheck shell=bash disable=SC2154
serve dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= --port=5301 --local=/example/ \
  "--host-record=levels.example,$SERVER4,$SERVER6" --txt-record=levels.example,level --mx-host=example,mail.example,10 \
  --cname=gauge.example,levels.example
wait_tcp 5301
ask() { client dig -p 5301 +tries=1 +time=2 "@$SERVER4" "$@" >/dev/null; }

capture dns-udp udp port 5301
ask +subnet=198.51.100.0/24 gauge.example A
ask +noedns no-such-name.example AAAA
client dig -p 5301 +tries=1 "@$SERVER6" levels.example AAAA >/dev/null
done_capturing
capture dns-tcp tcp port 5301
ask +tcp +keepopen levels.example A example MX levels.example TXT
done_capturing
