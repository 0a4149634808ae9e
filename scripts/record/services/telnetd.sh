# needs: inetutils-telnetd=telnetd inetutils-telnet=telnet socat=socat
# A shell instead of the login program: the password prompt of the system's is not part of the protocol.
# shellcheck shell=bash disable=SC2154
serve socat TCP-LISTEN:3023,reuseaddr,fork EXEC:"telnetd -h -E /bin/sh",nofork
wait_tcp 3023
capture telnet tcp port 3023
client sh -c "(sleep 1; echo 'echo level 1.24'; sleep 0.5; echo exit; sleep 0.5) | telnet $SERVER4 3023" >/dev/null || true
done_capturing
