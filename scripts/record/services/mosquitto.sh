# needs: mosquitto=mosquitto mosquitto-clients=mosquitto_pub
# shellcheck shell=bash disable=SC2154
echo "$USER_NAME:$PASSWORD" >"$work/users"
mosquitto_passwd -U "$work/users"
chmod 644 "$work/users"
printf 'listener 2883\nallow_anonymous false\npassword_file %s\npersistence false\nuser root\n' "$work/users" >"$work/mosquitto.conf"
serve mosquitto -c "$work/mosquitto.conf"
wait_tcp 2883
capture mqtt tcp port 2883
client_beside mosquitto_sub -h "$SERVER4" -p 2883 -i reader-1 -u "$USER_NAME" -P "$PASSWORD" -t 'gauge/#' -C 1
sleep 0.5
client mosquitto_pub -h "$SERVER4" -p 2883 -i writer-1 -V mqttv5 -u "$USER_NAME" -P "$PASSWORD" -t gauge/level -m 1.24
wait "$beside"
done_capturing
