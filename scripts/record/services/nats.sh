# needs: nats-server=nats-server socat=socat
# shellcheck shell=bash disable=SC2154
talk="printf 'CONNECT {\"verbose\":false,\"user\":\"$USER_NAME\",\"pass\":\"$PASSWORD\",\"name\":\"reader\"}\r\nSUB gauge.* 1\r\nPUB gauge.level 4\r\n1.24\r\nPING\r\n'"
# 5222 is the port of XMPP.
for place in nats:7222 decoy-nats-on-5222:5222; do
  port=${place#*:}
  serve nats-server -a 0.0.0.0 -p "$port" --user "$USER_NAME" --pass "$PASSWORD"
  wait_tcp "$port"
  capture "${place%:*}" tcp port "$port"
  client sh -c "($talk; sleep 0.5) | socat - TCP:$SERVER4:$port" >/dev/null
  done_capturing
done
