// SPDX-License-Identifier: Apache-2.0

/// One part of the server that health is told of.
package struct HealthComponent: Sendable {
    /// What a look at a component found.
    package enum State: Sendable, Hashable {
        case healthy
        /// It works; somebody should act before it stops to. The text says on what.
        case warning(String)
        /// It does not work. The text is shown to anybody, so it names no address and no path.
        case unhealthy(String)
    }

    /// Harbor's name where Harbor has the component: `core`, `database`, `registry`; ours otherwise.
    package let name: String
    /// Whether the service needs it. One that is not needed makes the report unhealthy and not the service unavailable.
    package let isRequired: Bool
    /// Looks at the component. It may take long or hang: the report waits no longer than its limit.
    package let check: @Sendable () async -> State

    package init(_ name: String, isRequired: Bool = true, check: @escaping @Sendable () async -> State) {
        self.name = name
        self.isRequired = isRequired
        self.check = check
    }
}

/// The state of all components, looked at together.
///
/// A result is used for a short while, and callers who come while a look goes on get its result: however many ask, the
/// components are not asked more often than once per `freshness`.
package actor HealthReport {
    private let components: [HealthComponent]
    private let nodes: @Sendable () async -> [HealthNode]?
    private let limit: Duration
    private let freshness: Duration
    private var current: (look: Task<HealthAnswer, Never>, at: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - nodes: The nodes of the cluster; nil when they cannot be told.
    ///   - limit: How long one component may take; then it counts as unhealthy.
    ///   - freshness: How long a result is used.
    package init(
        _ components: [HealthComponent], nodes: @escaping @Sendable () async -> [HealthNode]? = { nil },
        limit: Duration = .seconds(5), freshness: Duration = .seconds(1)
    ) {
        self.components = components
        self.nodes = nodes
        self.limit = limit
        self.freshness = freshness
    }

    /// The state now, or a moment ago.
    package func current() async -> HealthAnswer {
        if let current, current.at.duration(to: .now) < freshness { return await current.look.value }
        let (components, nodes, limit) = (components, nodes, limit)
        // Awaited below and by whoever asks meanwhile; it ends by itself within the limit.
        let look = Task {
            async let known = Self.within(limit, nodes) ?? nil
            var answer = await Self.look(at: components, limit: limit)
            answer.nodes = await known
            return answer
        }
        current = (look, .now)
        return await look.value
    }

    private static func look(at components: [HealthComponent], limit: Duration) async -> HealthAnswer {
        await withTaskGroup(of: (Int, HealthComponent.State).self) { group in
            for (place, component) in components.enumerated() {
                group.addTask { (place, await state(of: component, limit: limit)) }
            }
            var states = components.map { _ in HealthComponent.State.healthy }
            for await (place, state) in group { states[place] = state }
            return HealthAnswer(components: zip(components, states).map { ($0.name, $0.isRequired, $1) })
        }
    }

    /// The component's state, or that it gave none in time.
    private static func state(of component: HealthComponent, limit: Duration) async -> HealthComponent.State {
        await within(limit, component.check) ?? .unhealthy("no answer within \(limit)")
    }

    /// The outcome of `look`, or nil when it has none in time.
    private static func within<T: Sendable>(_ limit: Duration, _ look: @escaping @Sendable () async -> T) async -> T? {
        let (results, continuation) = AsyncStream.makeStream(of: T?.self)
        // A look that hangs cannot be waited for, so it stands outside the group: the first of the two answers counts,
        // and both are cancelled after it.
        let looking = Task { continuation.yield(await look()) }
        let timer = Task {
            try await Task.sleep(for: limit)
            continuation.yield(nil)
        }
        defer {
            looking.cancel()
            timer.cancel()
        }
        for await result in results { return result }
        return nil
    }
}
