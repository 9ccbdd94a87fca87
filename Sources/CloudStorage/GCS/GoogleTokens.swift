// SPDX-License-Identifier: Apache-2.0

import OCI

/// The bearer token of an account, renewed before it ends, and asked for once however many wait for it.
actor GoogleTokens {
    private struct Token {
        var text: String
        var renewal: ContinuousClock.Instant
    }

    private let account: GoogleAccount
    private let transport: CloudTransport
    private var token: Token?
    private var asking: Task<Result<Token, CloudFailure>, Never>?

    init(_ account: GoogleAccount, _ transport: CloudTransport) {
        self.account = account
        self.transport = transport
    }

    /// A token that is good for a while yet.
    func current() async throws(CloudFailure) -> String {
        if let token, ContinuousClock.now < token.renewal { return token.text }
        let task = asking ?? Task { await ask() }  // awaited here, by everybody who needs it
        asking = task
        let result = await task.value
        if asking == task { asking = nil }
        let fresh = try result.get()
        token = fresh
        return fresh.text
    }

    /// Forgets a token that the store refused, unless another one came meanwhile.
    func forget(_ text: String) {
        if token?.text == text { token = nil }
    }

    private nonisolated func ask() async -> Result<Token, CloudFailure> {
        do throws(CloudFailure) {
            let begin = ContinuousClock.now
            let answer = try await transport.collect("gcs token", wanted: [200]) { () throws(CloudFailure) in
                let assertion = try account.assertion(at: transport.time)
                let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
                return CloudRequest(
                    "POST", account.tokenAddress,
                    headers: [("Content-Type", "application/x-www-form-urlencoded")], body: .bytes(Array(form.utf8)))
            }
            guard let json = try? JSONValue(parsing: answer.body), let text = json["access_token"]?.string,
                let seconds = json["expires_in"]?.integer, seconds > 0
            else { throw .unanswered("the token service's answer has no token") }
            // Five minutes cover the longest call with all its repetitions; short lives are used for four fifths.
            let margin = min(Int64(300_000), seconds * 200)
            return .success(Token(text: text, renewal: begin + .milliseconds(seconds * 1_000 - margin)))
        } catch {
            return .failure(error)
        }
    }
}
