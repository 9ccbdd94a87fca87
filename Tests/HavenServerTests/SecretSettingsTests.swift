// SPDX-License-Identifier: Apache-2.0

import HavenServer
import Testing

@Suite("secret settings")
struct SecretSettingsTests {
    @Test("a secret prints as dots, whichever way it is printed")
    func prints() {
        let secret = Secret("correct horse")
        var dumped = ""
        dump(secret, to: &dumped)
        for shown in [
            "\(secret)", String(describing: secret), String(reflecting: [secret]), "\(Optional(secret) as Any)", dumped,
        ] {
            #expect(shown.contains("•••"))
            #expect(!shown.contains("horse"))
        }
        #expect(secret.reveal() == "correct horse")
        #expect(secret == Secret("correct horse"))
        #expect(secret != Secret("correct horsf"))
    }

    @Test("settings with a secret, whole, show nothing of it")
    func wholeSettings() throws {
        let settings = try load(
            "harbor_admin_password = hunter2hunter2\nclair_db_password = "
                + "hunter2hunter2\nredis_url = r:1,1,hunter2hunter2")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(settings)".contains("hunter2"))
        #expect(settings.identity.adminPassword?.reveal() == "hunter2hunter2")
    }

    @Test("a wrong secret is not repeated in the fault")
    func fault() {
        let found = faults("harbor_admin_password = a\n  hunter2hunter2")
        #expect(found.map(\.key) == ["harbor_admin_password"])
        #expect(found.allSatisfy { !$0.description.contains("hunter2") })
    }

    @Test("a secret is not taken as a flag")
    func flag() {
        #expect(
            faults(flags: ["harbor_admin_password": "x"]).first?.message.contains("HAVEN_HARBOR_ADMIN_PASSWORD") == true
        )
    }

    @Test("Harbor's published password is accepted with a loud warning")
    func published() throws {
        let settings = try load("harbor_admin_password = Harbor12345")
        #expect(settings.identity.adminPassword == IdentitySettings.harborDefaultPassword)
        #expect(settings.warnings.first?.message.contains("stays locked") == true)
    }
}
