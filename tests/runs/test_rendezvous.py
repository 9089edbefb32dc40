import concurrent.futures
import socket
import time

import pytest

from snas_tf.config.cluster import ClusterConfig
from snas_tf.errors import LostWorkerError, UserError
from snas_tf.runs.rendezvous import wait_for_all
from tests.machines import free_addresses


def wait(addresses, index, seconds=20.0, pause=0.0):
    """The moment at which a process goes on."""
    time.sleep(pause)
    wait_for_all(ClusterConfig(tuple(addresses), index), seconds)
    return time.monotonic()


def test_all_go_on_when_the_last_one_has_come_whoever_it_is():
    for last in (0, 2):
        addresses, start = free_addresses(3), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            pauses = [0.5 * (index == last) for index in range(3)]
            found = [pool.submit(wait, addresses, index, 20, pauses[index]) for index in range(3)]
            moments = [one.result() - start for one in found]
        assert min(moments) >= 0.5
        assert max(moments) < 5
        socket.create_server(("127.0.0.1", int(addresses[0].split(":")[1]))).close()


def test_those_that_do_not_appear_are_named():
    addresses = free_addresses(3)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        chief, other = (pool.submit(wait, addresses, *one) for one in ((0, 0.8), (2, 1.5)))
        with pytest.raises(LostWorkerError, match=f"TF_CONFIG: {addresses[1]} did not appear"):
            chief.result()
        with pytest.raises(LostWorkerError, match=f"TF_CONFIG: {addresses[0]} did not appear"):
            other.result()


def test_a_process_that_ends_while_it_waits_does_not_count():
    addresses = free_addresses(3)
    host, port = addresses[0].split(":")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        chief = pool.submit(wait, addresses, 0, 1.0)
        time.sleep(0.3)
        with socket.create_connection((host, int(port))) as ended:
            ended.sendall(b"1")
        other = pool.submit(wait, addresses, 2, 1.5)
        with pytest.raises(LostWorkerError, match=f"TF_CONFIG: {addresses[1]} did not appear"):
            chief.result()
        with pytest.raises(LostWorkerError):
            other.result()


def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UserError, match=f"TF_CONFIG: {address} can't be listened on"):
            wait([address, "127.0.0.1:1"], 0)
