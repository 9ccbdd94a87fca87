// SPDX-License-Identifier: Apache-2.0

import Lifecycle
import OCI

/// What a check found, as commands print it.
struct CheckResult {
    private let report: CheckReport

    init(_ report: CheckReport) {
        self.report = report
    }

    /// Prints a summary and every finding as text, or one JSON object.
    func print(_ format: OutputFormat) {
        switch format {
        case .text: Swift.print(text)
        case .json: Swift.print(json)
        }
    }

    private var text: String {
        var lines = report.findings.map { "\($0.severity.rawValue): \($0.text)" }
        let more = report.counts.values.reduce(0, +) - report.findings.count
        if more > 0 { lines.append("… and \(more) more") }
        lines.append(
            "looked at projects: \(report.projects), manifests: \(report.manifests), tags: \(report.tags), "
                + "histories of tags, deleted ones too: \(report.tagHistories), blobs: \(report.blobs), "
                + "objects in the store: \(report.objects)"
                + (report.hashedBytes > 0 ? ", bytes digested: \(report.hashedBytes)" : ""))
        if report.waitingUploads + report.youngObjects > 0 {
            lines.append(
                "\(report.waitingUploads) uploads wait for collection, \(report.youngObjects) new objects are not "
                    + "judged yet: no fault")
        }
        lines.append(verdict)
        return lines.joined(separator: "\n")
    }

    private var verdict: String {
        if report.isClean { return "everything is as it should be" }
        let counts = CheckFinding.Severity.allCases.filter { report.count($0) > 0 }
        return counts.map { "\(report.count($0)) \($0.rawValue)" }.joined(separator: ", ")
            + (report.isFaulty ? "" : ": only disk space is wasted")
    }

    private var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.member("clean", report.isClean)
        for severity in CheckFinding.Severity.allCases { json.member(severity.rawValue, report.count(severity)) }
        json.member("blobs", report.blobs)
        json.member("manifests", report.manifests)
        json.member("tags", report.tags)
        json.member("tag_histories", report.tagHistories)
        json.member("projects", report.projects)
        json.member("objects", report.objects)
        json.member("hashed_bytes", report.hashedBytes)
        json.member("waiting_uploads", report.waitingUploads)
        json.member("young_objects", report.youngObjects)
        json.key("findings")
        json.beginArray()
        for finding in report.findings {
            json.beginObject()
            json.member("severity", finding.severity.rawValue)
            json.member("subject", finding.subject)
            json.member("finding", finding.text)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
