// SPDX-License-Identifier: Apache-2.0

import HavenServer

/// The unit that systemd starts Haven by.
package enum SystemdUnit {
    package static let name = "haven.service"

    /// The unit's text. It lets the server read what the machine has and write only where its settings say.
    ///
    /// - Parameters:
    ///   - writable: Folders the server writes to.
    ///   - stopSeconds: How long a stop may take; longer than the server's own drain.
    package static func text(_ places: InstallPlaces, writable: [String], stopSeconds: Int64) -> String {
        """
        # Written by haven install \(HavenVersion.number); the next run writes it again.
        [Unit]
        Description=Haven, a container registry
        Wants=network-online.target
        After=network-online.target remote-fs.target postgresql.service mariadb.service redis-server.service
        StartLimitIntervalSec=0

        [Service]
        Type=exec
        User=\(Machine.account)
        Group=\(Machine.account)
        ExecStart=\(places.program) serve --config \(places.settings)
        ExecReload=/bin/kill -HUP $MAINPID
        Restart=always
        RestartSec=1
        TimeoutStopSec=\(stopSeconds)
        LimitNOFILE=65536
        UMask=0077
        AmbientCapabilities=CAP_NET_BIND_SERVICE
        CapabilityBoundingSet=CAP_NET_BIND_SERVICE
        NoNewPrivileges=yes
        ProtectSystem=strict
        ReadWritePaths=\(writable.map { "-\($0)" }.joined(separator: " "))
        ProtectHome=read-only
        PrivateTmp=yes
        PrivateDevices=yes
        ProtectKernelTunables=yes
        ProtectKernelModules=yes
        ProtectKernelLogs=yes
        ProtectControlGroups=yes
        ProtectClock=yes
        ProtectHostname=yes
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        SystemCallArchitectures=native
        SystemCallFilter=@system-service

        [Install]
        WantedBy=multi-user.target

        """
    }
}
