# needs: libcoap3-bin=coap-server-notls
# shellcheck shell=bash disable=SC2154
serve coap-server-notls -A "$SERVER4" -p 6683
wait_udp 6683
capture coap udp port 6683
client coap-client-notls -B 2 -m get "coap://$SERVER4:6683/time" >/dev/null
client coap-client-notls -B 2 -m get "coap://$SERVER4:6683/.well-known/core" >/dev/null
done_capturing
