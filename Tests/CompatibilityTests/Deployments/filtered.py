# SPDX-License-Identifier: Apache-2.0
"""Becomes a program that may make no system calls but those of a unit of systemd.

    filtered.py UNIT PROGRAM ARGUMENTS...

What SystemCallFilter= of the unit does not let through ends the program, whatever the unit has in store for it. The sets
of calls are those that systemd-analyze knows. Needs Debian's python3-seccomp.
"""

import os
import subprocess
import sys

import seccomp


def members(name):
    """The calls of a set with those of the sets in it, or the call itself."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", name], check=True, capture_output=True, text=True
    ).stdout.splitlines()[1:]
    words = [line.strip() for line in lines]
    return set().union(*(members(word) for word in words if word and not word.startswith("#")))


allowed = set()
with open(sys.argv[1], encoding="utf-8") as unit:
    for line in unit:
        if not line.startswith("SystemCallFilter="):
            continue
        names = line.strip().split("=", 1)[1]
        calls = set().union(*(members(name) for name in names.lstrip("~").split()))
        allowed = allowed - calls if names.startswith("~") else allowed | calls
if not allowed:
    sys.exit("the unit has no SystemCallFilter=")

system_calls = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
for call in sorted(allowed):
    # Negative: of another machine, or newer than the library.
    if seccomp.resolve_syscall(seccomp.Arch(), call) >= 0:
        system_calls.add_rule(seccomp.ALLOW, call)
system_calls.load()
os.execv(sys.argv[2], sys.argv[2:])
