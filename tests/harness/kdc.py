# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Kerberos KDC in a process of its own, on a loopback address and a high port, for root and for an ordinary user alike.

The programs are the machine's own, or unpacked from Debian's packages into the build folder. Whoever takes part gets `environment`: nothing
of the machine's own Kerberos settings, tickets and keys is read or written.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import typing as t
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools import debian

from .processes import Child, clean_environment, start, stop
from .samba import free_address

REALM = "REHEARSAL.TEST"
DOMAIN = REALM.lower()
PORT = 10088
SECONDS = 30.0

PACKAGES = ("krb5-kdc", "krb5-admin-server", "krb5-user")
_NAMES = ("krb5kdc", "kadmin.local", "kdb5_util", "kinit")

_CLIENT = """[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  plugin_base_dir = {plugins}
[realms]
  {realm} = {{
    kdc = {address}:{port}
  }}
[domain_realm]
  .{domain} = {realm}
"""

_SERVER = """[kdcdefaults]
  kdc_listen = {address}:{port}
  kdc_tcp_listen = {address}:{port}
[realms]
  {realm} = {{
    database_name = {own}/principals
    key_stash_file = {own}/stash
    max_life = {life}
  }}
[dbmodules]
  db_module_dir = {plugins}/kdb
[logging]
  kdc = FILE:{own}/kdc.log
  admin_server = FILE:{own}/admin.log
"""


class KdcError(Exception):
    """The KDC did not start, or refused a command."""


class Programs(t.NamedTuple):
    """Where the programs of MIT Kerberos are, where their plug-ins, and what they need in their environment."""

    kdc: str
    admin: str
    database: str
    kinit: str
    plugins: Path
    environment: Mapping[str, str]


def find_programs() -> Programs:
    """Return the machine's own programs when all of them are there, else unpacked ones.

    Raises:
        DebianError: what is missing could not be unpacked.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    found = [place for name in _NAMES if (place := shutil.which(name, path=path))]
    is_installed = len(found) == len(_NAMES)
    root = Path("/") if is_installed else debian.unpack(PACKAGES)
    folders = ("usr/lib", "usr/lib64", "usr/lib/*-linux-gnu*")
    modules = [module.parents[1] for folder in folders for module in root.glob(f"{folder}/krb5/plugins/kdb/db2.so")]
    if not modules:
        raise KdcError("Kerberos has no database module; install krb5-kdc")
    if not is_installed:
        found = [str(root / "usr" / ("bin" if name == "kinit" else "sbin") / name) for name in _NAMES]
    libraries = {} if is_installed else {"LD_LIBRARY_PATH": str(modules[0].parents[1])}
    return Programs(found[0], found[1], found[2], found[3], modules[0], libraries)


class Kdc:
    """A KDC and its files: krb5.conf, kdc.conf, its database, kdc.log, the keytab of the twin and the tickets of the controller.

    Args:
        directory: where its files go.
        passwords: of the users, by name without realm.
        life: of the longest ticket, as kdc.conf spells it.
    """

    def __init__(self, directory: Path, passwords: Mapping[str, str], life: str = "10h") -> None:
        self.directory = directory.resolve()
        self.passwords = dict(passwords)
        self.life = life
        self.address = free_address(PORT)
        self._process: Child | None = None
        self._programs: Programs | None = None

    def __enter__(self) -> t.Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def client_environment(self) -> dict[str, str]:
        """What a client needs: where the KDC is, and a place for tickets of its own."""
        return {"KRB5_CONFIG": str(self.directory / "krb5.conf"), "KRB5CCNAME": f"FILE:{self.directory}/tickets"}

    @property
    def server_environment(self) -> dict[str, str]:
        """What a server needs: the realm, and its keys; what it hears about replays stays in its own folder."""
        return {
            "KRB5_CONFIG": str(self.directory / "krb5.conf"),
            "KRB5_KTNAME": f"FILE:{self.directory}/keytab",
            "KRB5RCACHENAME": f"dfl:{self.directory}",
        }

    def start(self) -> None:
        """Make the realm and its users, and start the KDC.

        Raises:
            KdcError: it ended, or did not answer in time.
            DebianError: there is no KDC, and none could be unpacked.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        programs = self._programs = find_programs()
        given = {"realm": REALM, "domain": DOMAIN, "address": self.address, "port": PORT}
        given |= {"own": self.directory, "plugins": programs.plugins, "life": self.life}
        (self.directory / "krb5.conf").write_text(_CLIENT.format(**given), encoding="utf-8")
        (self.directory / "kdc.conf").write_text(_SERVER.format(**given), encoding="utf-8")
        self._tell(programs.database, "create", "-s", "-r", REALM, "-W", said="master-of-the-realm\nmaster-of-the-realm\n")
        for user, password in self.passwords.items():
            self._administer(f"addprinc +requires_preauth {user}", said=f"{password}\n{password}\n")
        environment = self._environment()
        command = [programs.kdc, "-n", "-r", REALM, "-P", str(self.directory / "kdc.pid")]
        self._process = start(command, environment=environment, directory=self.directory, output=self.directory / "kdc.out")
        self._wait()

    def stop(self) -> None:
        """Stop the KDC."""
        if self._process is not None:
            stop(self._process)
            self._process = None

    def add_services(self, names: Iterable[str], services: Iterable[str] = ("HTTP",)) -> None:
        """Give services to hosts, with their keys in the keytab of the twin.

        Args:
            names: of the hosts, as clients ask for them.
            services: the parts of the names in front of the slash.
        """
        for name in names:
            for service in services:
                self._administer(f"addprinc -randkey +ok_as_delegate {service}/{name}")
                self._administer(f"ktadd -k {self.directory}/keytab {service}/{name}")

    def kinit(self, user: str, *options: str) -> None:
        """Put a ticket of a user into the place for tickets.

        Args:
            user: name without realm.
            options: of kinit.
        """
        self._tell(t.cast("Programs", self._programs).kinit, *options, user, said=f"{self.passwords[user]}\n")

    def log(self) -> str:
        """Return what the KDC has given to whom."""
        return (self.directory / "kdc.log").read_text(encoding="utf-8", errors="replace")

    def forwarded(self) -> int:
        """Return how often somebody asked for a ticket that may be handed on to a server."""
        return len(re.findall(rf"TGS_REQ .* ISSUE: .* for krbtgt/{REALM}@{REALM}", self.log()))

    def logins(self) -> int:
        """Return how often somebody got a first ticket by password."""
        return len(re.findall(rf"AS_REQ .* ISSUE: .* for krbtgt/{REALM}@{REALM}", self.log()))

    def _environment(self) -> Mapping[str, str]:
        given = {**t.cast("Programs", self._programs).environment, "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf")}
        return clean_environment(self.directory, {**given, **self.client_environment})

    def _administer(self, query: str, said: str = "") -> None:
        self._tell(t.cast("Programs", self._programs).admin, "-r", REALM, "-q", query, said=said)

    def _tell(self, *command: str, said: str = "") -> None:
        # A password on the command line could be read by everybody on the machine.
        answer = subprocess.run(
            command, input=said, check=False, capture_output=True, text=True, env=self._environment(), cwd=self.directory, timeout=SECONDS
        )
        # kadmin.local ends with 0 whatever happened.
        if answer.returncode or re.search(r"^(add_principal|ktadd|kadmin.local): ", answer.stderr, re.MULTILINE):
            raise KdcError(f"{Path(command[0]).name} ended with {answer.returncode}: {(answer.stdout + answer.stderr)[-2000:]}")

    def _wait(self) -> None:
        deadline = time.monotonic() + SECONDS
        process = t.cast("Child", self._process)
        while True:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((self.address, PORT)) == 0:
                    return
            try:
                code = process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                code = None
            if code is not None or time.monotonic() > deadline:
                said = (self.directory / "kdc.out").read_text(encoding="utf-8", errors="replace")
                raise KdcError(f"the KDC did not answer (exit code {code}): {said[-2000:]}")
