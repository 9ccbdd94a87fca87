// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore

/// What an exchange sends towards the client.
enum AnswerPart {
    /// A final head, or an informational one.
    case head(HTTPResponse)
    case bytes(ByteBuffer)
    /// A piece of a file for sendfile(2); only on connections that say they can, see ``ExchangeHandler/sendsFiles``.
    case file(FileRegion)
    case end
}
