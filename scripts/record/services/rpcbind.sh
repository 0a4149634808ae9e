# needs: rpcbind=rpcbind
# The one service here that cannot leave its port (111): portmap calls over UDP and TCP.
# shellcheck shell=bash disable=SC2154
serve rpcbind -f -w -i
wait_udp 111
wait_tcp 111
capture rpc-udp udp port 111
client rpcinfo -T udp "$SERVER4" portmapper >/dev/null
done_capturing
capture rpc-tcp tcp port 111
client rpcinfo -p "$SERVER4" >/dev/null
done_capturing
