# needs: python3-pymodbus=/usr/lib/python3/dist-packages/pymodbus python3-serial=/usr/lib/python3/dist-packages/serial python3-serial-asyncio=/usr/lib/python3/dist-packages/serial_asyncio
# shellcheck shell=bash disable=SC2154
serve /usr/bin/python3 "$here/modbus-serve.py" 0.0.0.0 1502
wait_tcp 1502
capture modbus tcp port 1502
client /usr/bin/python3 "$here/modbus-ask.py" "$SERVER4" 1502
done_capturing
