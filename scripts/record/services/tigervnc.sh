# needs: tigervnc-standalone-server=Xtigervnc tigervnc-viewer=xtigervncviewer
# A viewer, itself on a screen that nobody sees, looks at a small one for two seconds.
# shellcheck shell=bash disable=SC2154
serve Xtigervnc :9 -rfbport 6901 -SecurityTypes None -localhost no -geometry 64x48 -depth 16 -nolisten tcp -desktop levels -AlwaysShared
wait_tcp 6901
capture vnc tcp port 6901
client sh -c "Xtigervnc :7 -SecurityTypes None -rfbport 6907 & sleep 2; DISPLAY=:7 timeout 2 xtigervncviewer $SERVER4::6901" >/dev/null 2>&1 || true
done_capturing
