"""The program in several processes that train together, on the loopback address."""

import json
import os
import socket
import subprocess

from tests.programs import command


def free_addresses(count):
    """Addresses whose ports are free now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


def config(addresses, index):
    """The value of TF_CONFIG of a process."""
    return json.dumps(
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    )


def start(*flags, count=2, of_each=None, addresses=None):
    """Start the processes; `of_each` has further flags of each."""
    addresses = addresses or free_addresses(count)
    return [
        subprocess.Popen(
            command(*flags, *(of_each[index] if of_each else ())),
            env={**os.environ, "TF_CONFIG": config(addresses, index)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(count)
    ]


def finish(processes, timeout=240):
    """Wait for the end of all; return for each the exit code, output and errors."""
    ended = [process.communicate(timeout=timeout) for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, ended, strict=True)]
