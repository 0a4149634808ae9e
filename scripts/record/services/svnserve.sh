# needs: subversion=svnserve
# shellcheck shell=bash disable=SC2154
prepare svnadmin create "$work/levels"
serve svnserve -d --foreground --listen-port 4690 --listen-host 0.0.0.0 -r "$work"
wait_tcp 4690
capture svn tcp port 4690
client svn --non-interactive info "svn://levels.example:4690/levels" >/dev/null
done_capturing
