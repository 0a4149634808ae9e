# needs: ngircd=ngircd socat=socat
# The client's lines are typed: what an IRC client sends is what one writes.
# shellcheck shell=bash disable=SC2154
printf '[Global]\nName = irc.example\nInfo = Weir\nPorts = 7667\nListen = 0.0.0.0\nServerUID = root\nServerGID = root\n[Options]\nDNS = no\nIdent = no\nPAM = no\n' >"$work/ngircd.conf"
serve ngircd -n -f "$work/ngircd.conf"
wait_tcp 7667
capture irc tcp port 7667
client sh -c "(printf 'NICK gauge\r\nUSER gauge 0 * :Gauge Reader\r\n'; sleep 0.7; printf 'JOIN #levels\r\nPRIVMSG #levels :level 1.24\r\nQUIT\r\n'; sleep 0.5) | socat - TCP:$SERVER4:7667" >/dev/null
done_capturing
