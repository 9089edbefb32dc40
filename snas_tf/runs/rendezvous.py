"""The start of processes that train together: each waits until all are there.

TensorFlow's own wait has no end, and nothing can interrupt it.
"""

import contextlib
import socket
import time

from snas_tf.config.cluster import VARIABLE, ClusterConfig
from snas_tf.errors import LostWorkerError, UserError

_PAUSE_SECONDS = 0.2
_GO = b"go"


def wait_for_all(config: ClusterConfig, seconds: float) -> None:
    """Wait until all processes have called this; the chief's port is free afterwards.

    The others report to the chief, who lets all go at once.

    Args:
        config: the processes.
        seconds: how long to wait.

    Raises:
        UserError: the chief can't listen at its address.
        LostWorkerError: a process has not appeared in time.
    """
    deadline = time.monotonic() + seconds
    if config.is_chief:
        missing = _let_all_go(config, deadline)
    else:
        missing = [] if _report(config, deadline) else [config.addresses[0]]
    if missing:
        raise LostWorkerError(
            f"{VARIABLE}: {', '.join(missing)} did not appear within {seconds:g} s, accepted: the "
            f"same command, started on all {config.count} machines"
        )


def _let_all_go(config: ClusterConfig, deadline: float) -> list[str]:
    """Wait for all others, and let them go; return the addresses of those that are missing."""
    _, port = _split(config.addresses[0])
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(socket.create_server(("", port), backlog=config.count))
        except OSError as error:
            raise UserError(
                f"{VARIABLE}: {config.addresses[0]} can't be listened on ({error.strerror}), "
                "accepted: a free port"
            ) from error
        found: dict[int, socket.socket] = {}
        while (left := deadline - time.monotonic()) > 0:
            server.settimeout(min(left, _PAUSE_SECONDS))
            with contextlib.suppress(OSError, ValueError):
                one = stack.enter_context(server.accept()[0])
                one.settimeout(_PAUSE_SECONDS)
                index = int(one.recv(16))
                if 0 < index < config.count:
                    found[index] = one  # A process that was started again takes its place.
            found = {index: one for index, one in found.items() if _is_there(one)}
            if len(found) == config.count - 1:
                for one in found.values():
                    with contextlib.suppress(OSError):
                        one.sendall(_GO)
                return []
        return [config.addresses[index] for index in range(1, config.count) if index not in found]


def _is_there(one: socket.socket) -> bool:
    """Whether a process that waits has not ended."""
    one.setblocking(False)
    try:
        return bool(one.recv(1))  # It sends nothing more: what comes is its end.
    except BlockingIOError:
        return True
    except OSError:
        return False


def _report(config: ClusterConfig, deadline: float) -> bool:
    """Report to the chief, again and again until it lets all go; return whether it has."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            with socket.create_connection(_split(config.addresses[0]), timeout=left) as chief:
                chief.sendall(b"%d" % config.index)
                if chief.recv(len(_GO)) == _GO:
                    return True
        except OSError:
            pass  # It is not there yet.
        time.sleep(_PAUSE_SECONDS)
    return False


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
