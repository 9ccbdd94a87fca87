// SPDX-License-Identifier: Apache-2.0

/// The scripts of a balancer: plain sh, for any supervisor or none.
struct BalancerScripts {
    let plan: ClusterPlan
    let host: ClusterPlan.Balancer
    let mark: RenderingMark

    /// What keepalived runs each second.
    var checkHAProxy: String {
        """
        #!/bin/sh
        \(mark.comment)
        # Exits 0 when HAProxy on this host answers. One that is there and silent is killed: its clients learn it and come again.
        curl -sf -m 0.8 -o /dev/null http://127.0.0.1:\(ClusterPlan.balancerHealthPort)/lb-healthz && exit 0
        [ $? -ne 28 ] || pkill -KILL -x haproxy
        exit 1

        """
    }

    /// What keepalived runs at each change: `/run/haven-vrrp/<host>.<router>` holds the last one.
    var notify: String {
        """
        #!/bin/sh
        \(mark.comment)
        # keepalived calls it with INSTANCE or GROUP, the name, the new state, and the priority.
        line="$(date -u +%Y-%m-%dT%H:%M:%SZ) $2 $3"
        mkdir -p \(BalancerPaths.state)
        echo "$line" > "\(BalancerPaths.state)/\(host.name).$2"
        if command -v logger > /dev/null; then logger -t haven-balancer "$line"; fi

        """
    }

    /// The health check of a node: what the balancer asks, for people and for other balancers.
    var checkNode: String {
        let isTLS = plan.traffic == .passthrough
        let proxied = plan.mode == .haproxy && isTLS ? " --haproxy-protocol" : ""
        return """
            #!/bin/sh
            \(mark.comment)
            # usage: check.sh ADDRESS [PORT [SCHEME]]   exits 0 when the node takes requests; a draining one does not.
            address=${1:?usage: check.sh ADDRESS [PORT [SCHEME]]}
            case $address in *:*) address="[$address]" ;; esac
            base="${3:-\(isTLS ? "https" : "http")}://$address:${2:-\(plan.nodes[0].port)}"
            get() { curl -sSk -g -m 2 --connect-timeout 1\(proxied) "$@"; }
            status() { get -o /dev/null -w '%{http_code}' "$base$1"; }

            [ "$(status /healthz)" = 200 ] || exit 1
            \(guideChecks)
            """
    }

    private var guideChecks: String {
        guard plan.mode == .lvs, plan.health == .guide else { return "" }
        return """
            get "$base/api/systeminfo" | grep -q registry_url || exit 1
            [ "$(status /api/repositories/top)" = 200 ] || exit 1

            """
    }

    /// Gives the addresses to another balancer, and looks whether one has taken them.
    var drain: String {
        let addresses = plan.places.map(\.address.description).joined(separator: " ")
        let urls = plan.places.map { place in
            "\(plan.registry.scheme.rawValue)://\(place.address.bracketed):\(plan.registry.port)/healthz"
        }
        return """
            #!/bin/sh
            \(mark.comment)
            # usage: drain-balancer.sh [PID-FILE]   gives the registry's address to another balancer.
            # \(plan.mode == .haproxy ? "Requests under way have a second to end" : "Open connections may be cut once"); \
            new connections find the other balancer.
            pid_file=${1:-/run/keepalived.pid}

            if [ $# -eq 0 ] && [ -d /run/systemd/system ]; then
                end_keepalived() { systemctl stop keepalived; }
            elif pid=$(cat "$pid_file" 2> /dev/null) && [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = keepalived ]; then
                # Until it is gone, another keepalived would not start.
                end_keepalived() {
                    kill -TERM "$pid" || return 1
                    tries=50
                    while grep -q '^State:[[:space:]]*[^Z]' "/proc/$pid/status" 2> /dev/null && [ "$tries" -gt 0 ]; do
                        tries=$((tries - 1))
                        sleep 0.1
                    done
                }
            else
                echo "drain-balancer: no keepalived runs by $pid_file; nothing to do" >&2
                exit 1
            fi
            \(plan.mode == .haproxy ? emptying : "")
            end_keepalived || exit 1

            is_held() { ip -o addr show | grep -qF " $1/"; }
            for address in \(addresses); do
                tries=50
                while is_held "$address"; do
                    tries=$((tries - 1))
                    [ "$tries" -gt 0 ] || { echo "drain-balancer: $address is still on this host" >&2; exit 1; }
                    sleep 0.1
                done
            done
            for url in '\(urls.joined(separator: "' '"))'; do
                tries=10
                until curl -sk -g -m 1 -o /dev/null "$url"; do
                    tries=$((tries - 1))
                    [ "$tries" -gt 0 ] || {
                        echo "drain-balancer: nobody answers $url; start keepalived here again" >&2
                        exit 1
                    }
                    sleep 0.2
                done
            done
            echo "another balancer holds \(addresses); to come back, start \
            \(plan.mode == .haproxy ? "HAProxy, if nothing did, and " : "")keepalived"

            """
    }

    /// Lets HAProxy end what it has before the address goes: clients whose first packet is not heard send it again after a
    /// second, and then it is heard by the other balancer.
    private var emptying: String {
        let rules = plan.places.map { place in
            let family = place.address.family == .ipv6 ? "ip6" : "ip"
            return "\(family) daddr \(place.address) tcp flags & (syn | ack) == syn drop"
        }
        return """

            silence() {
                nft -f - << 'RULES'
            table inet haven_drain {
                chain incoming {
                    type filter hook input priority -10; policy accept;
                    \(rules.joined(separator: "\n                    "))
                }
            }
            RULES
            }
            speak() { nft delete table inet haven_drain 2> /dev/null; }
            # A balancer that does not hold the address has nothing to let end.
            if ip -o addr show | grep -qF " \(plan.places[0].address)/" && silence; then
                trap speak EXIT
                sleep 0.1
                pkill -USR1 -o -x haproxy
                tries=10
                while ss -Htn state established src \(plan.places[0].address) | grep -q . && [ "$tries" -gt 0 ]; do
                    tries=$((tries - 1))
                    sleep 0.1
                done
            fi
            """
    }
}
