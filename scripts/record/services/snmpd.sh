# needs: snmpd=snmpd snmp=snmpget
# Version 2c with a community in clear, and version 3 with authentication and privacy.
# shellcheck shell=bash disable=SC2154
cat >"$work/snmpd.conf" <<CONF
rocommunity levels
sysdescr gauge 7
syslocation lower weir
createUser $USER_NAME SHA $PASSWORD-sha AES $PASSWORD-aes
rouser $USER_NAME priv
CONF
serve env SNMP_PERSISTENT_DIR="$work/snmp" snmpd -f -Lo -C -c "$work/snmpd.conf" -p "$work/snmpd.pid" udp:0.0.0.0:1161
wait_udp 1161
ask() { client env SNMP_PERSISTENT_DIR="$work/snmp-client" snmpget "$@" >/dev/null; }

capture snmp udp port 1161
ask -v 2c -c levels "$SERVER4:1161" 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.6.0
done_capturing
capture snmp-v3 udp port 1161
ask -v 3 -l authPriv -u "$USER_NAME" -a SHA -A "$PASSWORD-sha" -x AES -X "$PASSWORD-aes" "$SERVER4:1161" 1.3.6.1.2.1.1.1.0
done_capturing
