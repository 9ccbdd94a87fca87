#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What scripts/dist-check.sh runs in its fresh Debian, from the folder of the unpacked archive.
set -euo pipefail
cd /opt/haven
port=8080
say() { printf -- '-- %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# A request without curl: prints status line, headers and body.
request() {
    local path=$1 header=${2:-}
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n%s\r\n' "$path" "$port" "${header:+$header$'\r\n'}" >&3
    cat <&3
    exec 3>&-
}
status() { request "$@" 2>/dev/null | awk 'NR == 1 { print $2 }'; }
# Everything on the disk but what the system itself keeps moving.
files() { find / -xdev \( -path /proc -o -path /dev -o -path /opt -o -path /tmp \) -prune -o -printf '%p %y %m\n' | sort; }

say "libraries, with those that they need themselves"
ldd ./haven | awk '{ print $1 }' | sort -u | paste -sd' '
if ldd ./haven | grep 'not found'; then fail "libraries are missing"; fi
./haven --version

say "a name must be given first"
if ./install.sh >/tmp/first.txt 2>&1; then fail "the example's hostname was accepted"; fi
grep 'hostname:' /tmp/first.txt
sed -i -e 's/^hostname = .*/hostname = 127.0.0.1/' -e "s/^http_port = .*/http_port = $port/" haven.cfg
files >/tmp/before.txt

say "./install.sh --no-start"
./install.sh --no-start >/tmp/install.txt 2>&1 || fail "$(cat /tmp/install.txt)"
sed 's/\(shown only now): \).*/\1…/' /tmp/install.txt
password=$(sed -n 's/.*(shown only now): //p' /tmp/install.txt)
[ -n "$password" ] || fail "no password was printed"

say "./install.sh again, in the foreground"
started=$SECONDS
./install.sh >/tmp/serve.txt 2>&1 &
server=$!
until [ "$(status /healthz)" = 200 ]; do
    if ! kill -0 "$server" 2>/dev/null || ((SECONDS - started > 60)); then fail "$(cat /tmp/serve.txt)"; fi
    sleep 0.2
done
echo "healthy after $((SECONDS - started)) s"
cat /tmp/serve.txt
grep -q 'nothing to change' /tmp/serve.txt || fail "the second run changed something"

say "logging in"
[ "$(status /v2/)" = 401 ] || fail "anybody is let in"
login="Authorization: Basic $(printf 'admin:%s' "$password" | base64 -w 0)"
token=$(request '/service/token?service=harbor-registry&account=admin' "$login" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
[ "$(status /v2/ "Authorization: Bearer $token")" = 200 ] || fail "the token is not accepted"
[ "$(status /api/v2.0/users/current "Authorization: Basic eDp5")" != 200 ] || fail "a wrong password is accepted"
echo "admin is let in with a token of ${#token} characters"

say "a third run beside the server"
./install.sh
if ./install.sh --uninstall; then fail "it was taken away under a running server"; fi

say "the end by SIGTERM"
kill -TERM "$server"
wait "$server" || fail "it ended with $?: $(cat /tmp/serve.txt)"

say "./install.sh --uninstall --purge"
./install.sh --uninstall --purge
files >/tmp/after.txt
diff /tmp/before.txt /tmp/after.txt || fail "something is left"
echo "nothing is left"
