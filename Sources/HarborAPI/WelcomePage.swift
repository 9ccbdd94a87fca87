// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore

/// The page at `/`: what this is, and the first commands.
struct WelcomePage {
    /// The host by which images are named, as settings or the client's request have it.
    let registry: String

    func response() -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-cache",
                .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Haven</title>
        <main>
        <h1>Haven</h1>
        <p>This is a container registry.</p>
        <pre>docker login \(escaped)
        docker pull \(escaped)/project/repository:tag</pre>
        </main>
        </html>

        """
    }

    /// A host of a request holds no markup by its grammar; what is shown is escaped all the same.
    private var escaped: String {
        registry.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
