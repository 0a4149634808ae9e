# needs: tftpd-hpa=in.tftpd tftp-hpa=tftp
# A file in several blocks; the data come from a port of the server's choice.
# shellcheck shell=bash disable=SC2154
mkdir "$work/files"
head -c 1300 /dev/zero | tr '\0' 'w' >"$work/files/level.txt"
serve in.tftpd --foreground --user root --address 0.0.0.0:1069 --secure "$work/files"
wait_udp 1069
capture tftp udp
client sh -c "cd $work && tftp $SERVER4 1069 -m binary -c get level.txt"
done_capturing
