// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP2

/// The limits of HTTP/2 connections and their streams.
enum HTTP2Limits {
    static func connection(_ limits: ConnectionLimits) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
        ]
        configuration.targetWindowSize = 4 * 1024 * 1024
        return configuration
    }

    static func stream(_ limits: ConnectionLimits) -> NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = streamWindow
        configuration.outboundBufferSizeHighWatermark = 256 * 1024
        configuration.outboundBufferSizeLowWatermark = 128 * 1024
        configuration.streamResetFrameRateLimit.maximumCount = limits.streamResets
        return configuration
    }

    /// Bytes of one request body that may be under way; the default of 64 KiB holds uploads to a few MB/s at a distance.
    private static let streamWindow = 512 * 1024
}
