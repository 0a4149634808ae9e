# needs: sip-tester=sipp
# A call over UDP and one over TCP, both with the scenarios that sipp brings.
# shellcheck shell=bash disable=SC2154
for transport in u1:udp t1:tcp; do
  protocol=${transport#*:}
  serve sipp -sn uas -i "$SERVER4" -p 6060 -t "${transport%:*}" -m 1 -nostdin
  "wait_$protocol" 6060
  capture "sip-$protocol" "$protocol" port 6060
  client sh -c "cd $work && exec sipp -sn uac -i $CLIENT4 -p 6070 -t ${transport%:*} -m 1 -d 100 -s keeper -nostdin $SERVER4:6060" >/dev/null
  done_capturing
done
