/* SPDX-License-Identifier: Apache-2.0 */
#include "CSignals.h"

#include <signal.h>

void restore_default_actions(void) {
    const int numbers[] = {SIGQUIT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (unsigned index = 0; index < sizeof numbers / sizeof numbers[0]; index++) {
        if (signal(numbers[index], SIG_DFL) == SIG_IGN) signal(numbers[index], SIG_IGN);
    }
}
