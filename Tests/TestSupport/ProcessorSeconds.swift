// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The processor's time that `body` takes of this thread, the best of three runs: little of what else the machine does
/// shows in it. Of eight times as much, which may take less than twenty times as long, linear takes eight times and
/// quadratic sixty-four.
package func processorSeconds(_ body: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let runs = (0..<3).map { _ in
        let begin = now()
        body()
        return now() - begin
    }
    return runs.min() ?? 0
}
