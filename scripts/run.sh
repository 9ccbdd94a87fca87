#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds Haven and starts it in the foreground. Settings come from haven.cfg, from HAVEN_… variables, or as arguments.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh

haven=.build/release/haven
setting() { "$haven" config show "$@" 2>/dev/null | sed -n "s/^$key = \([^ ]*\).*/\1/p"; }
port=$(key=http_port setting "$@") || { "$haven" config check "$@"; exit 2; }
address=$(key=listen setting "$@")
case ${address%%,*} in
0.0.0.0 | "") registry=127.0.0.1:$port ;;
*:*) registry=[::1]:$port ;;
*) registry=${address%%,*}:$port ;;
esac

print_usage() {
    cat <<TEXT

Haven is running on http://$registry. Ctrl-C stops it.
The password of admin is printed above at the very first start; this sets another:

  .build/release/haven user password admin --password-stdin

With docker:

  docker login -u admin $registry
  tar c README.md | docker import - $registry/library/hello:1
  docker push $registry/library/hello:1
  docker pull $registry/library/hello:1

With podman:

  podman login --tls-verify=false -u admin $registry
  tar c README.md | podman import - $registry/library/hello:1
  podman push --tls-verify=false $registry/library/hello:1
  podman pull --tls-verify=false $registry/library/hello:1

TEXT
}

# Waits beside the server until it answers, prints the lines above, and ends; without the server it ends too.
print_when_ready() {
    local host=${registry%:*}
    host=${host#[}
    host=${host%]}
    while kill -0 "$1" 2>/dev/null; do
        if (printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3 | grep -q ' 200 ') 3<>"/dev/tcp/$host/$port"; then
            print_usage
            return
        fi 2>/dev/null
        sleep 0.2
    done
}

[ "$port" = 0 ] || print_when_ready $$ &
exec "$haven" serve "$@"
