# needs: openvpn=openvpn
# Over UDP and TCP, without any tunnel device: nothing of the machine's network changes.
# shellcheck shell=bash disable=SC2154
certificate server
certificate client
fingerprint() { openssl x509 -in "$work/$1.crt" -noout -fingerprint -sha256 | cut -d= -f2; }
tunnel=(openvpn --dev null --verb 1 --persist-key --ifconfig-noexec)
for protocol in udp tcp; do
  if [[ $protocol == tcp ]]; then ends=(tcp-server tcp-client); else ends=(udp udp); fi
  serve "${tunnel[@]}" --proto "${ends[0]}" --port 2194 --tls-server --dh none --cert "$work/server.crt" --key "$work/server.key" \
    --peer-fingerprint "$(fingerprint client)"
  "wait_$protocol" 2194
  capture "openvpn-$protocol" "$protocol" port 2194
  client_beside "${tunnel[@]}" --proto "${ends[1]}" --remote "$SERVER4" 2194 --nobind --tls-client --cert "$work/client.crt" \
    --key "$work/client.key" --peer-fingerprint "$(fingerprint server)"
  sleep 3
  done_capturing
done
