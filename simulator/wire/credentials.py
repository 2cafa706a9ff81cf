# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users of the twin: passwords for Basic, and the hash file that the NTLM acceptor reads."""

from __future__ import annotations

import contextlib
import hmac
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from spnego._ntlm_raw.crypto import ntowfv1  # the hash function NTLM needs is in no public library

from .certificate import user_of_certificate

_VARIABLE = "NTLM_USER_FILE"
# pyspnego finds the acceptor's credentials only through the environment of the process; several servers may live in one process.
_environment = threading.Lock()


class Credentials:
    r"""Who may log on. Holds the secrets, shows them to nobody.

    Args:
        users: password by user name; names as "user", "DOMAIN\user" or "user@realm".
        domains: computer names with which a local user may qualify its name.
    """

    def __init__(self, users: Mapping[str, str], domains: Sequence[str] = ()) -> None:
        self._users = {name.casefold(): (name, password) for name, password in users.items()}
        self._domains = ("", ".", *dict.fromkeys(name.upper() for name in domains))
        self._directory: Path | None = None

    def open(self) -> None:
        """Write the hash file to a private folder."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="twin-"))
            with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in self._lines())

    def close(self) -> None:
        """Remove the hash file."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def check(self, user: str, password: str) -> str | None:
        """Return the user's name as configured when the password is right, None otherwise."""
        entry = self._users.get(self._local_name(user))
        # A wrong name costs the same comparison as a wrong password.
        expected = entry[1] if entry else ""
        is_equal = hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), password.encode("utf-8", "surrogatepass"))
        return entry[0] if entry and is_equal else None

    def known_name(self, principal: str) -> str | None:
        """Return the configured spelling of a name that has been authenticated, None when it is no user of this server.

        Args:
            principal: as the mechanism spells it; of a Kerberos principal the realm may be left out in the configuration.
        """
        entry = self._users.get(self._local_name(principal)) or self._users.get(principal.rpartition("@")[0].casefold())
        return entry[0] if entry else None

    def certificate_user(self, certificate: bytes | None) -> str | None:
        """Return the user that a client's certificate stands for, None without one or when it is no user of this server.

        Args:
            certificate: as DER.
        """
        name = user_of_certificate(certificate) if certificate else None
        return self.known_name(name) if name else None

    @contextlib.contextmanager
    def acceptor_environment(self) -> Iterator[None]:
        """Let the NTLM acceptor find this server's users while the block runs."""
        with _environment:
            before = os.environ.get(_VARIABLE)
            os.environ[_VARIABLE] = str(self._file)
            try:
                yield
            finally:
                if before is None:
                    os.environ.pop(_VARIABLE, None)
                else:
                    os.environ[_VARIABLE] = before

    @property
    def _file(self) -> Path:
        return self._directory / "users" if self._directory is not None else Path(os.devnull)

    def _local_name(self, user: str) -> str:
        folded = user.casefold()
        domain, separator, name = folded.rpartition("\\")
        if folded in self._users or not separator:
            return folded
        return name if domain.upper() in self._domains else folded

    def _lines(self) -> Iterator[str]:
        for name, password in self._users.values():
            # smbpasswd form: a password with a colon would break the other form, and no clear text touches the disk.
            tail = f"1000:{'0' * 32}:{ntowfv1(password).hex().upper()}:[U]:LCT-00000000"
            if "\\" in name or "@" in name:
                yield f"{name}:{tail}"
            else:
                yield from (f"{domain}\\{name}:{tail}" if domain else f"{name}:{tail}" for domain in self._domains)
