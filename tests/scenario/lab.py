# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A realm, a twin whose keys are in it, and controllers with whatever connection variables a test wants."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tests.harness.controller import Controller, Finished
from tests.harness.kdc import DOMAIN, REALM, Kdc
from tests.harness.kerberos_package import search_path
from tests.harness.twin import Twin

from . import clusters
from .clusters import CANARY, USER

Variables = dict[str, t.Any]

PRINCIPAL = f"{USER}@{REALM}"
STRANGER = "stranger"
"""Known to the realm, and no user of the twin."""

HOST, OTHER_HOST = f"min01-n1.{DOMAIN}", f"min01-n2.{DOMAIN}"
"""The names by which the KDC knows the nodes of the twin."""

PASSWORD: Variables = {"ansible_user": USER, "ansible_password": CANARY}
PRINCIPAL_PASSWORD: Variables = {"ansible_user": PRINCIPAL, "ansible_password": CANARY}

HTTP: Variables = {"ansible_winrm_scheme": "http"}
HTTPS: Variables = {"ansible_winrm_scheme": "https", "ansible_winrm_ca_trust_path": "{ca}"}
OVERRIDE: Variables = {"ansible_winrm_kerberos_hostname_override": HOST}
PSRP_HTTP: Variables = {"ansible_psrp_protocol": "http"}
PSRP_HTTPS: Variables = {"ansible_psrp_protocol": "https", "ansible_psrp_ca_cert": "{ca}"}
PSRP_OVERRIDE: Variables = {"ansible_psrp_negotiate_hostname_override": HOST, "ansible_psrp_negotiate_service": "HTTP"}


def winrm(transport: str, *parts: Variables, **more: object) -> Variables:
    """Return the variables of a host that is reached by a transport."""
    return _joined({"ansible_winrm_transport": transport}, *parts) | more


def psrp(auth: str | None, *parts: Variables, **more: object) -> Variables:
    """Return the variables of a host that is reached by psrp."""
    return _joined({"ansible_connection": "psrp"} | ({"ansible_psrp_auth": auth} if auth else {}), *parts) | more


def _joined(first: Variables, *parts: Variables) -> Variables:
    return {name: value for part in (first, *parts) for name, value in part.items()}


class Lab:
    """A realm, a twin and what a controller needs to reach it; the same twin serves many tests that only read.

    Args:
        directory: where everything goes.
        twin: options of the twin, see there.
        wire: options of the twin's wire.
        size: nodes of its cluster.
    """

    def __init__(self, directory: Path, *, wire: Variables | None = None, size: int = 2, **twin: t.Any) -> None:  # noqa: ANN401
        self.directory = directory
        self.realm = Kdc(directory / "kdc", {USER: CANARY, STRANGER: CANARY})
        scenario = clusters.write(directory / "scenario.yml", clusters.cluster(size=size), wire=wire or {})
        environment = {**self.realm.server_environment, "PYTHONPATH": search_path()}
        self.twin = Twin(scenario, directory / "twin", rate=60.0, environment=environment, **twin)
        self._runs = 0

    def __enter__(self) -> t.Self:
        self.realm.__enter__()
        try:
            self.realm.add_services([HOST, OTHER_HOST])
            self.twin.__enter__()
        except BaseException:
            self.realm.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.twin.stop()
        self.realm.stop()

    def host(self, variables: Variables, node: int = 0) -> Variables:
        """Return the variables of a host, with what the lab knows in the place of words in braces."""
        folder = t.cast("Path", self.twin.certificate).parent
        known = {"{ca}": str(self.twin.certificate)}
        known |= {"{cert}": str(folder / f"twin-{USER}-certificate.pem"), "{key}": str(folder / f"twin-{USER}-key.pem")}
        place = self.twin.nodes[node]
        is_https = "https" in (variables.get("ansible_winrm_scheme"), variables.get("ansible_psrp_protocol"))
        given = {name: known.get(str(value), value) for name, value in variables.items()}
        port = place.tls_port if is_https else place.port
        return {"ansible_connection": "winrm", "ansible_host": place.address, "ansible_port": port} | given

    def controller(self, hosts: Mapping[str, Variables]) -> tuple[Controller, str]:
        """Return a new controller and its inventory."""
        self._runs += 1
        controller = Controller(self.twin, self.directory / f"run{self._runs}")
        inventory = controller.directory / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": dict(hosts)}}), encoding="utf-8")
        return controller, str(inventory)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what a controller needs for Kerberos; there are no tickets at first."""
        place = {"KRB5CCNAME": f"FILE:{self.directory}/no-tickets"}
        return {**self.realm.client_environment, **place, "PYTHONPATH": search_path(), **(extra or {})}

    def run(
        self,
        hosts: Mapping[str, Variables],
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        pattern: str = "all",
    ) -> Finished:
        """Read the cluster from hosts of an inventory, by one task ad hoc."""
        controller, inventory = self.controller(hosts)
        command = ["-i", inventory, pattern, "-m", "cluster_aware.updating.cluster_info", *arguments]
        return controller.run("ansible", *command, extra=self.environment(environment))

    def play(self, hosts: Mapping[str, Variables], plays: Sequence[object] | str, *arguments: str, **extra: str) -> Finished:
        """Run a playbook, given as plays or by its name."""
        controller, inventory = self.controller(hosts)
        path = controller.directory / "site.yml"
        if not isinstance(plays, str):
            path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        book = plays if isinstance(plays, str) else str(path)
        return controller.playbook("-i", inventory, book, *arguments, extra=self.environment(extra))


def part_of(screen: str, host: str) -> str:
    """Return what one host of an ad-hoc command said."""
    return f"\n{screen}".partition(f"\n{host} | ")[2].partition("\n}\n")[0] or screen
