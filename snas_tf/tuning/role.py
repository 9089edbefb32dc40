"""The part of a process in a sweep: alone, chief or worker, by KerasTuner's environment."""

import dataclasses
import socket
from collections.abc import Mapping

from snas_tf.errors import UserError, quote

ID, IP, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
_CHIEF = "chief"
_ALONE = "tuner0"  # as KerasTuner calls it


@dataclasses.dataclass(frozen=True)
class Role:
    """The part of a process in a sweep.

    Attributes:
        name: the process's name among those of the sweep.
        address: host and port of the chief; None where the process is alone.
    """

    name: str = _ALONE
    address: tuple[str, int] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Role":
        """Read the environment.

        Raises:
            UserError: a variable is missing, or its value can't be used.
        """
        name = environment.get(ID, _ALONE)
        if IP not in environment:
            return cls(name)
        for variable in (PORT, ID):
            if not environment.get(variable):
                raise UserError(f"{variable}: not set, and {IP} is, accepted: both")
        if "/" in name or not name.isprintable() or name.startswith("."):
            raise UserError(f"{ID}={quote(name)}: accepted: a name, such as tuner0")
        port = environment[PORT]
        if not (port.isdecimal() and 0 < int(port) < 2**16):
            raise UserError(f"{PORT}={quote(port)}: accepted: a port, 1 to 65535")
        return cls(name, (environment[IP], int(port)))

    @property
    def is_chief(self) -> bool:
        """Whether it serves the values of trials to workers, and runs none."""
        return self.address is not None and _CHIEF in self.name

    @property
    def is_worker(self) -> bool:
        """Whether it runs trials whose values a chief serves."""
        return self.address is not None and _CHIEF not in self.name

    def check_free(self) -> None:
        """Check that the chief's address can be listened on.

        Raises:
            UserError: it can't.
        """
        assert self.address is not None
        host, port = self.address
        try:
            family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
        except OSError as error:
            raise UserError(
                f"{IP}={host}, {PORT}={port}: can't be listened on ({error.strerror}), accepted: "
                "an address of this machine and a free port"
            ) from error
