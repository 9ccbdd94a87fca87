// SPDX-License-Identifier: Apache-2.0
import Promises
import SettingTexts

/// The text of a settings file, and each value in it under every form a setting may have.
@main
enum FuzzSettings {
    static func main() {
        runFuzzer { start, count in
            FuzzSettings.feed(bytes(start, count))
            return 0
        }
    }

    private static func feed(_ bytes: [UInt8]) {
        let file = ConfigFile(parsing: bytes)
        var line = 0
        for entry in file.entries {
            promise(!entry.key.isEmpty && entry.key == entry.key.lowercased(), "keys are lower-case words")
            promise(entry.line > line, "lines are counted upwards")
            line = entry.line
            checkForms(entry.value)
        }
        checkForms(String(decoding: bytes, as: UTF8.self))
    }

    private static func checkForms(_ text: String) {
        check(SettingForm.onOff, text)
        check(SettingForm.integer(-5...5), text)
        check(SettingForm.port, text)
        check(SettingForm.bytes, text)
        check(SettingForm.duration(bare: .minutes, atLeast: .seconds(1)), text)
        check(SettingForm.line, text)
        check(SettingForm.path, text)
        check(SettingForm.host, text)
        check(SettingForm.identifier, text)
        check(SettingForm.addressRange, text)
        check(SettingForm.list(of: .addressRange), text)
        check(SettingForm.pairs, text)
        check(SettingForm.listenAddress, text)
        check(SettingForm.optional(.port), text)
    }

    private static func check<Value: Equatable>(_ form: SettingForm<Value>, _ text: String) {
        guard let value = form.parse(text) else { return }
        promise(form.parse(form.text(value)) == value, "a value reads as it is written")
    }
}
