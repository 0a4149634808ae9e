# needs: xrdp=xrdp freerdp2-x11=xfreerdp tigervnc-standalone-server=Xtigervnc
# The handshake of RDP up to TLS; the session behind it is not wanted (and refused).
# shellcheck shell=bash disable=SC2154
certificate rdp
sed -e 's/^port=3389/port=4389/' -e "s|^certificate=.*|certificate=$work/rdp.crt|" -e "s|^key_file=.*|key_file=$work/rdp.key|" \
  -e "s|^LogFile=.*|LogFile=$work/xrdp.log|" /etc/xrdp/xrdp.ini >"$work/xrdp.ini"
serve xrdp --nodaemon --config "$work/xrdp.ini"
wait_tcp 4389
capture rdp tcp port 4389
client sh -c "Xtigervnc :7 -SecurityTypes None -rfbport 6907 & sleep 2; DISPLAY=:7 timeout 4 xfreerdp /v:levels.example:4389 /u:$USER_NAME /p:$PASSWORD /cert:ignore" >/dev/null 2>&1 || true
done_capturing
