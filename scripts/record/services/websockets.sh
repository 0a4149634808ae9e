# needs: python3-websockets=/usr/lib/python3/dist-packages/websockets
# shellcheck shell=bash disable=SC2154
serve /usr/bin/python3 "$here/websocket-echo.py" 0.0.0.0 8087
wait_tcp 8087
capture websocket tcp port 8087
client /usr/bin/python3 "$here/websocket-ask.py" ws://levels.example:8087/live
done_capturing
