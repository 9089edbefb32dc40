import socket

import pytest

from snas_tf.errors import UserError
from snas_tf.tuning.role import ID, IP, PORT, Role

FULL = {ID: "tuner3", IP: "127.0.0.1", PORT: "9000"}


def test_a_process_without_the_variables_is_alone():
    assert Role.from_environment({}) == Role("tuner0")
    role = Role.from_environment({ID: "x", PORT: "1"})
    assert (role.is_chief, role.is_worker) == (False, False)


def test_the_name_says_who_is_chief():
    worker, chief = (Role.from_environment({**FULL, ID: name}) for name in ("tuner3", "chief"))
    assert (worker.is_chief, worker.is_worker) == (False, True)
    assert (chief.is_chief, chief.is_worker) == (True, False)
    assert chief.address == ("127.0.0.1", 9000)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({PORT: ""}, f"^{PORT}: not set, and {IP} is"),
        ({ID: ""}, f"^{ID}: not set"),
        ({PORT: "http"}, f"^{PORT}='http': accepted: a port"),
        ({PORT: "65536"}, "accepted: a port, 1 to 65535"),
        ({ID: "a/b"}, f"^{ID}='a/b': accepted: a name"),
        ({ID: "..chief"}, "accepted: a name"),
    ],
)
def test_variables_that_can_not_be_used_are_named(changed, message):
    with pytest.raises(UserError, match=message):
        Role.from_environment({**FULL, **changed})


def test_a_port_that_is_taken_is_named():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        role = Role("chief", ("127.0.0.1", port))
        with pytest.raises(UserError, match=f"{PORT}={port}: can't be listened on"):
            role.check_free()
    role.check_free()


def test_a_host_that_is_none_is_named():
    with pytest.raises(UserError, match=f"^{IP}=no host, "):
        Role("chief", ("no host", 9000)).check_free()
