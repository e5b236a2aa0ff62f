# SPDX-License-Identifier: Apache-2.0
"""What an application does with redis-py and sentinels: find the master, write through a failover, read from replicas.

Called with one JSON argument (sentinels: ports, name, password or null, protocol,
tls: files or null). Writes a line of JSON when it is
ready for the master to be killed, and one when all went well. Anything unexpected is an exception, and exit code 1.
"""

import asyncio
import json
import sys
import time

import redis
import redis.asyncio.sentinel
from redis.sentinel import MasterNotFoundError, Sentinel, SlaveNotFoundError

# What a client may meet while the master changes.
PASSING = (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, MasterNotFoundError, SlaveNotFoundError)
LIMIT_SECONDS = 40


def say(**facts):
    print(json.dumps(facts), flush=True)


def eventually(what, attempt):
    """The first result of `attempt` that is true; what passes is tried again."""
    end = time.monotonic() + LIMIT_SECONDS
    last = None
    while time.monotonic() < end:
        try:
            result = attempt()
            if result:
                return result
            last = result
        except PASSING as error:
            last = error
        time.sleep(0.02)
    raise AssertionError(f"not in time: {what}; last seen: {last!r}")


def text(value):
    """Versions of redis-py differ in what they decode."""
    return value.decode() if isinstance(value, bytes) else value


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def main(sentinels, name, password, protocol, tls):
    options = {"password": password, "protocol": protocol, "socket_timeout": 2}
    if tls:
        options |= {"ssl": True, "ssl_check_hostname": False, "ssl_ca_certs": tls["authority"]}
        options |= {"ssl_certfile": tls["certificate"], "ssl_keyfile": tls["key"]}
    sentinel = Sentinel([("127.0.0.1", port) for port in sentinels], sentinel_kwargs=options, **options)

    # Discovery.
    host, old = sentinel.discover_master(name)
    expect(host == "127.0.0.1", f"the master's host is {host}")
    replicas = sentinel.discover_slaves(name)
    expect(len(replicas) == 2 and (host, old) not in replicas, f"replicas {replicas} of {old}")
    try:
        sentinel.discover_master("nosuch")
        expect(False, "a master that nobody watches was found")
    except MasterNotFoundError:
        pass

    # The commands that redis-py has calls for, and understands the replies of.
    asked = sentinel.sentinels[0]
    expect(asked.ping(), "PING")
    state = asked.sentinel_master(name)
    expect(state["port"] == old and state["is_master"] and not state["is_sdown"], f"SENTINEL MASTER: {state}")
    expect(state["num-slaves"] == 2 and state["num-other-sentinels"] == len(sentinels) - 1, f"SENTINEL MASTER: {state}")
    expect(set(asked.sentinel_masters()) == {name}, "SENTINEL MASTERS")
    expect(len(asked.sentinel_slaves(name)) == 2, "SENTINEL SLAVES")
    expect(len(asked.sentinel_sentinels(name)) == len(sentinels) - 1, "SENTINEL SENTINELS")
    address = asked.sentinel_get_master_addr_by_name(name)
    expect(text(address[0]) == "127.0.0.1" and int(address[1]) == old, f"GET-MASTER-ADDR-BY-NAME: {address}")
    asked.sentinel_ckquorum(name)  # an error if there is none; redis-py does not understand the text that follows OK
    expect(asked.info("sentinel")["master0"]["status"] == "ok", "INFO sentinel")
    expect(asked.client_info()["resp"] == str(protocol), "the protocol asked for is spoken")

    # Writes go to the master and reads to its replicas.
    master = sentinel.master_for(name)
    replica = sentinel.slave_for(name)
    expect(text(master.role()[0]) == "master", "the master's role")
    expect(text(replica.role()[0]) == "slave", "the replica's role")
    master.set("before", 1)
    eventually("the replica has what was written", lambda: replica.get("before") == b"1")

    # All listen to what happens.
    listeners = []
    for one in sentinel.sentinels:
        listener = one.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("+switch-master")
        listener.psubscribe("+sdo[v-x]n")
        listeners.append(listener)

    say(ready=True, master=old)
    count = 0

    def write():
        nonlocal count
        count += 1
        master.set("during", count)
        return sentinel.discover_master(name)[1] != old

    eventually("writes reach a new master", write)
    new = sentinel.discover_master(name)[1]
    expect((("127.0.0.1", new)) in replicas, f"the new master {new} is one of {replicas}")

    wanted = f"{name} 127.0.0.1 {old} 127.0.0.1 {new}".encode()
    for listener in listeners:
        seen = []

        def switched():
            message = listener.get_message(timeout=0.5)
            if message:
                seen.append(message)
            return any(one["channel"] == b"+switch-master" and one["data"] == wanted for one in seen)

        eventually("+switch-master is told", switched)
        down = [one for one in seen if one["type"] == "pmessage"]
        expect(down and down[0]["pattern"] == b"+sdo[v-x]n", f"the pattern's messages: {seen}")
        expect(down[0]["data"] == f"master {name} 127.0.0.1 {old}".encode(), f"the pattern's messages: {seen}")

    def replicated():
        value = f"{count} after".encode()
        master.set("after", value)
        return replica.get("after") == value and text(replica.role()[0]) == "slave"

    eventually("a replica has what the new master was told", replicated)
    found = asyncio.run(read_asynchronously(sentinels, name, options))
    expect(found == (new, f"{count} after".encode()), f"the asynchronous client found {found}")
    say(done=True, master=new, writes=count)


async def read_asynchronously(sentinels, name, options):
    """Where the master is and what it has, by the library's other implementation."""
    places = [("127.0.0.1", port) for port in sentinels]
    sentinel = redis.asyncio.sentinel.Sentinel(places, sentinel_kwargs=options, **options)
    _, port = await sentinel.discover_master(name)
    master = sentinel.master_for(name)
    value = await master.get("after")
    await master.aclose()
    for one in sentinel.sentinels:
        await one.aclose()
    return port, value


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
