# SPDX-License-Identifier: Apache-2.0
"""Increments a counter as fast as a careful client would, and writes down each answer.

    counter.py HOST PORT [--who] [--password PASSWORD] [--master NAME]

One line an attempt on standard output: monotonic milliseconds, then `ok VALUE [WHO]` or `error WHAT`. With --who the
server says in the same transaction which one it is (its `dir`), so that a write is known to have gone to it. A new
connection is made after each error; with --master, HOST and PORT are those of a sentinel, which is asked where to. Ends
with SIGTERM. Only the standard library is used.
"""

import socket
import sys
import time

host, port = sys.argv[1], int(sys.argv[2])
asks_who = "--who" in sys.argv[3:]
master = sys.argv[sys.argv.index("--master") + 1] if "--master" in sys.argv else None
password = sys.argv[sys.argv.index("--password") + 1] if "--password" in sys.argv else None
PATIENCE = 0.1  # seconds; what is slower than that counts as an outage
PAUSE = 0.005


def command(*words):
    return b"".join([b"*%d\r\n" % len(words)] + [b"$%d\r\n%s\r\n" % (len(w), w) for w in words])


def reply(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("closed")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise ValueError(rest.decode("utf-8", "replace"))
    if kind == b"$":
        return stream.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
    if kind == b"*":
        return [reply(stream) for _ in range(int(rest))]
    return rest


def where():
    if master is None:
        return host, port
    with socket.create_connection((host, port), timeout=PATIENCE) as sentinel:
        sentinel.sendall(command(b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", master.encode()))
        address = reply(sentinel.makefile("rb"))
    return address[0].decode(), int(address[1])


connection = stream = None
while True:
    try:
        if connection is None:
            connection = socket.create_connection(where(), timeout=PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = connection.makefile("rb")
            if password is not None:
                connection.sendall(command(b"AUTH", password.encode()))
                reply(stream)
        if asks_who:
            connection.sendall(
                command(b"MULTI") + command(b"INCR", b"counter") + command(b"CONFIG", b"GET", b"dir") + command(b"EXEC"))
            for _ in range(3):
                reply(stream)
            value, who = reply(stream)
            outcome = "ok %s %s" % (value.decode(), who[1].decode())
        else:
            connection.sendall(command(b"INCR", b"counter"))
            outcome = "ok %s" % reply(stream).decode()
    except (OSError, ValueError) as problem:
        outcome = "error %s" % (str(problem) or type(problem).__name__)
        if connection is not None:
            connection.close()
        connection = None
    print(int(time.monotonic() * 1000), outcome, flush=True)
    time.sleep(PAUSE)
