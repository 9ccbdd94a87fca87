// SPDX-License-Identifier: Apache-2.0
import Foundation

/// nginx with static files: as many workers as cores, sendfile, no log, keep-alive without end.
final class Nginx {
    let port: Int
    let process: ServerProcess
    /// What lies here is served under its name.
    let root: String

    init(folder: String) throws {
        root = "\(folder)/root"
        port = try freePort()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let settings = """
            worker_processes auto;
            daemon off;
            pid \(folder)/pid;
            error_log \(folder)/log;
            events { worker_connections 1024; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                keepalive_requests 1000000000;
                default_type application/vnd.oci.image.manifest.v1+json;
                client_body_temp_path \(folder)/body;
                proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi;
                uwsgi_temp_path \(folder)/uwsgi;
                scgi_temp_path \(folder)/scgi;
                server { listen 127.0.0.1:\(port); root \(root); }
            }
            """
        try settings.write(toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
        let user = getuid() == 0 ? ["-g", "user root;"] : []
        process = try ServerProcess(
            try path(of: "nginx"), ["-p", folder, "-c", "\(folder)/nginx.conf"] + user, log: "\(folder)/log")
        try process.waitUntilAnswering("/", port: port, log: "\(folder)/log")
    }
}
