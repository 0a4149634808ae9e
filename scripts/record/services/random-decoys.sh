# needs: socat=socat openssl=openssl
# Random bytes both ways on ports that usually speak something.
# shellcheck shell=bash disable=SC2154
for bytes in asked answered; do openssl rand -out "$work/$bytes" 700; done
for port in 443 6379; do
  serve socat "TCP-LISTEN:$port,reuseaddr" SYSTEM:"cat $work/answered; cat >/dev/null"
  wait_tcp "$port"
  capture "decoy-random-on-tcp-$port" tcp port "$port"
  client sh -c "socat -t 1 - TCP:$SERVER4:$port <$work/asked" >/dev/null
  done_capturing
done
for port in 53 443 3478 51820; do
  serve socat -t 1 "UDP-RECVFROM:$port" SYSTEM:"cat $work/answered"
  wait_udp "$port"
  capture "decoy-random-on-udp-$port" udp port "$port"
  client sh -c "socat -t 1 - UDP:$SERVER4:$port <$work/asked" >/dev/null
  done_capturing
done
