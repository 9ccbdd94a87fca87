// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// One deadline that moves often and fires seldom, on an event loop.
///
/// Moving it later costs nothing: the scheduled task finds the new deadline when it wakes and sleeps again.
struct Watchdog {
    private var deadline: NIODeadline?
    private var wakeUp: (at: NIODeadline, task: Scheduled<Void>)?

    /// Sets or moves the deadline.
    ///
    /// - Parameter onWake: Called on the loop; it shall call ``isDue()`` and act when that says so.
    mutating func set(_ deadline: NIODeadline, on loop: any EventLoop, _ onWake: @escaping @Sendable () -> Void) {
        self.deadline = deadline
        if let wakeUp, wakeUp.at <= deadline { return }
        wakeUp?.task.cancel()
        wakeUp = (deadline, loop.scheduleTask(deadline: deadline, onWake))
    }

    mutating func clear() {
        deadline = nil
    }

    /// Called when the task woke: true when the deadline has passed; otherwise sleeps until it.
    mutating func isDue(on loop: any EventLoop, _ onWake: @escaping @Sendable () -> Void) -> Bool {
        wakeUp = nil
        guard let deadline else { return false }
        if deadline <= .now() {
            self.deadline = nil
            return true
        }
        set(deadline, on: loop, onWake)
        return false
    }

    mutating func cancel() {
        clear()
        wakeUp?.task.cancel()
        wakeUp = nil
    }
}
