# needs: nginx-light=nginx curl=curl openssh-server=sshd openssh-client=ssh redis-server=redis-server redis-tools=redis-cli dnsmasq-base=dnsmasq bind9-dnsutils=dig chrony=chronyd mosquitto=mosquitto mosquitto-clients=mosquitto_pub socat=socat
# Protocols on the usual port of another one, and lines that are no protocol at all.
# shellcheck shell=bash disable=SC2154
mkdir "$work/www"
echo '{"level":1.24}' >"$work/www/level.json"
certificate web
serve /usr/bin/python3 -m http.server -d "$work/www" 443
wait_tcp 443
capture decoy-http-on-443 tcp port 443
client curl -sS -o /dev/null http://levels.example:443/level.json
done_capturing

ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/host"
printf 'Port 80\nHostKey %s\nPidFile none\nUsePAM no\n' "$work/host" >"$work/sshd_config"
serve /usr/sbin/sshd -D -e -f "$work/sshd_config"
wait_tcp 80
capture decoy-ssh-on-80 tcp port 80
client ssh-keyscan -t ed25519 -p 80 "$SERVER4" >/dev/null 2>&1
done_capturing

serve openssl s_server -accept 22 -WWW -cert "$work/web.crt" -key "$work/web.key"
wait_tcp 22
capture decoy-tls-on-22 tcp port 22
client curl -sS -k -o /dev/null --http1.1 --tls-max 1.2 https://levels.example:22/etc/hosts || true
done_capturing

serve redis-server --bind 0.0.0.0 --port 53 --protected-mode no --save '' --dir "$work"
wait_tcp 53
capture decoy-redis-on-53 tcp port 53
client redis-cli -h "$SERVER4" -p 53 SET level 1.24 >/dev/null
done_capturing

serve dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= --port=123 "--host-record=levels.example,$SERVER4"
wait_udp 123
capture decoy-dns-on-123 udp port 123
client dig -p 123 +tries=1 "@$SERVER4" levels.example A >/dev/null
done_capturing

printf 'local stratum 8\nallow all\nport 53\ncmdport 0\npidfile %s/chronyd.pid\nuser root\n' "$work" >"$work/chrony.conf"
serve chronyd -d -x -f "$work/chrony.conf"
wait_udp 53
capture decoy-ntp-on-53 udp port 53
client chronyd -d -x -Q -t 8 'user root' 'cmdport 0' "pidfile $work/client.pid" "server $SERVER4 port 53 iburst" >/dev/null 2>&1
done_capturing

printf 'listener 3306\nallow_anonymous true\npersistence false\nuser root\n' >"$work/mosquitto.conf"
serve mosquitto -c "$work/mosquitto.conf"
wait_tcp 3306
capture decoy-mqtt-on-3306 tcp port 3306
client mosquitto_pub -h "$SERVER4" -p 3306 -i writer-1 -t gauge/level -m 1.24
done_capturing

# Lines that mean nothing, where mail is expected.
serve socat TCP-LISTEN:25,reuseaddr EXEC:'echo level 1.24 at seven'
wait_tcp 25
capture decoy-text-on-25 tcp port 25
client sh -c "echo what is the level | socat - TCP:$SERVER4:25" >/dev/null
done_capturing
