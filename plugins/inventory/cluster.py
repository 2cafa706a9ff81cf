# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ruff: noqa: E402 - ansible-test wants the documentation before the imports
"""The inventory plugin: asks clusters for their nodes, and makes hosts and groups of them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster
short_description: Failover clusters and their nodes as an inventory
version_added: 0.2.0
description:
  - Asks one node of each failover cluster for all nodes of the cluster, over WS-Management, and makes them hosts.
  - Hosts are grouped by cluster, state, site and functional level, and by what you compose.
  - The source is a YAML file whose name ends in C(cluster.yml) or C(cluster.yaml). Nothing is changed on any node.
extends_documentation_fragment:
  - constructed
  - inventory_cache
notes:
  - Nodes that are down are hosts too, with the C(cluster_node_state) V(down). Use the group C(state_up) where you do not want them. The
    role of this collection wants to see every node.
  - Each host has the variables C(cluster_name), C(cluster_fqdn), C(cluster_functional_level), C(cluster_node), C(cluster_node_state),
    C(cluster_node_drain_status), C(cluster_node_site) and C(cluster_node_build). What the cluster does not tell is V(null).
  - What nodes say is never taken for a template; C(ansible-inventory --list) marks such texts with C(__ansible_unsafe). A name that no
    Windows computer can have is refused.
  - No password is written into the inventory or the cache. The hosts sign in with the credentials that the play has.
requirements:
  - pywinrm >= 0.5.0 on the controller
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices:
      - cluster_aware.updating.cluster
  clusters:
    description:
      - Where to ask, one entry for each cluster, by the name or address of the cluster or of one of its nodes.
      - Several names in one entry, parted by commas, are tried from left to right until one answers.
      - In the environment variable, commas part the entries.
    type: list
    elements: str
    required: true
    env:
      - name: CLUSTER_AWARE_UPDATING_CLUSTERS
  skip_unreachable:
    description:
      - Leaves out a cluster that gives no answer, with a warning. Otherwise the whole source fails, so that no host is lost unnoticed.
    type: bool
    default: false
  host_names:
    description: What the hosts are called.
    type: str
    default: fqdn
    choices:
      fqdn: The name of the node with the domain of the cluster, in lower case.
      node: The name of the node alone, in lower case.
  group_by:
    description:
      - The groups that are made without further ado.
      - They are called C(cluster_<name>), C(state_<state>), C(site_<site>) and C(functional_level_<number>), in lower case, and with
        underscores in place of what a group name may not hold.
    type: list
    elements: str
    default: [cluster, state, site, functional_level]
    choices: [cluster, state, site, functional_level]
  set_connection:
    description:
      - Gives the hosts the connection that this source itself uses, without user and password. C(ansible_host) is the full name of the
        node.
      - With O(compose) you can replace each of these variables.
    type: bool
    default: true
  connection:
    description: The connection plugin whose options say how to reach the nodes.
    type: str
    default: winrm
    choices: [winrm, psrp]
  username:
    description: The account, a member of Administrators on the nodes. It is not needed with a Kerberos ticket.
    type: str
    env:
      - name: CLUSTER_AWARE_UPDATING_USERNAME
  password:
    description: Its password. Use vault, an expression, or the environment variable.
    type: str
    env:
      - name: CLUSTER_AWARE_UPDATING_PASSWORD
  port:
    description: The port; the connection plugin's own rule decides when it is not set, which is 5986 over HTTPS.
    type: int
    env:
      - name: CLUSTER_AWARE_UPDATING_PORT
  transport:
    description:
      - How to sign in, in the words of the connection plugin (C(ansible_winrm_transport) or C(ansible_psrp_auth)).
      - The connection plugin's own rule decides when it is not set.
    type: str
    env:
      - name: CLUSTER_AWARE_UPDATING_TRANSPORT
  ca_trust_path:
    description: A file with the certificates of the authorities that are trusted over HTTPS.
    type: path
    env:
      - name: CLUSTER_AWARE_UPDATING_CA_TRUST_PATH
  certificate_validation:
    description: Whether the certificate of the host is checked over HTTPS.
    type: str
    default: validate
    choices: [validate, ignore]
    env:
      - name: CLUSTER_AWARE_UPDATING_CERTIFICATE_VALIDATION
  connection_variables:
    description:
      - Further variables of the connection plugin, as a host would have them, C(ansible_winrm_kerberos_hostname_override) for instance.
    type: dict
    default: {}
seealso:
  - module: cluster_aware.updating.cluster_info
  - module: cluster_aware.updating.debug_connection
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
# hv.cluster.yml: two clusters, over HTTPS with Kerberos, by the ticket that kinit has fetched
plugin: cluster_aware.updating.cluster
clusters:
  - hv01.contoso.com
  - hv02-n1.contoso.com, hv02-n2.contoso.com
transport: kerberos

---
# lab.cluster.yml: NTLM with message encryption over HTTP, the password from vault, kept for an hour
plugin: cluster_aware.updating.cluster
clusters: [lab01-n1.contoso.com]
username: CONTOSO\svc-update
password: "{{ lookup('ansible.builtin.file', '/run/secrets/svc-update') }}"
port: 5985
transport: ntlm
connection_variables:
  ansible_winrm_message_encryption: always
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible
cache_timeout: 3600
compose:
  rolling_update_members: "['cluster_' ~ cluster_name | lower]"
groups:
  serving: cluster_node_state == 'up'
keyed_groups:
  - key: cluster_node_build | string
    prefix: build
"""

import hashlib
import typing as t
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import to_safe_group_name
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.plugins.loader import connection_loader
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._clock import Clock, clock_from_environment
from ..module_utils._errors import OperationError
from ..module_utils._wmi.cluster import ClusterInfo, ClusterNode
from ..module_utils._wsman.endpoint import Endpoint
from ..plugin_utils._connection import ConnectionTypeError, endpoint_from_connection, open_node
from ..plugin_utils._stop import quiet_libraries
from ..plugin_utils._values import one_line, plain, scrubbed

display = Display()

Variables = dict[str, t.Any]
"""The variables of one host."""

FILE_NAMES = ("cluster.yml", "cluster.yaml")

# Clusters are asked side by side; more at a time would only make sign-ins fail at a domain controller that is busy.
AT_A_TIME = 8

GROUPED_BY = {
    "cluster": "cluster_name",
    "state": "cluster_node_state",
    "site": "cluster_node_site",
    "functional_level": "cluster_functional_level",
}
"""The variable that tells the group, by the choices of group_by."""

# The variables in which each connection plugin takes what this plugin has an option for.
CONNECTION_VARIABLES: Mapping[str, Mapping[str, str]] = {
    "winrm": {
        "username": "ansible_user",
        "password": "ansible_password",
        "port": "ansible_port",
        "transport": "ansible_winrm_transport",
        "ca_trust_path": "ansible_winrm_ca_trust_path",
        "certificate_validation": "ansible_winrm_server_cert_validation",
    },
    "psrp": {
        "username": "ansible_user",
        "password": "ansible_password",
        "port": "ansible_port",
        "transport": "ansible_psrp_auth",
        "ca_trust_path": "ansible_psrp_ca_cert",
        "certificate_validation": "ansible_psrp_cert_validation",
    },
}


class NameRefusedError(OperationError):
    """A node or cluster calls itself by a name that cannot be one."""


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc] # Ansible's own classes are not typed
    """The inventory plugin cluster."""

    NAME = "cluster_aware.updating.cluster"

    def verify_file(self, path: str) -> bool:
        """Return whether a file is meant for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(FILE_NAMES)

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory from the cache or from the clusters.

        Raises:
            AnsibleParserError: an option cannot work, or a cluster that must answer does not.
        """
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self.load_cache_plugin()
        clusters = [str(each) for each in self._templated("clusters")]
        is_cached = bool(self.get_option("cache"))
        # Not the path alone: another list of clusters in the same file must not be answered by the old one.
        key = self.get_cache_key(path) + "_" + hashlib.sha256("\n".join(clusters).encode()).hexdigest()[:16]
        found = self._cache.get(key) if is_cached and cache else None
        if found is None:
            found = self._read(clusters)
            if is_cached:
                self._cache[key] = found
        for cluster in found:
            self._add(cluster)

    def _templated(self, option: str) -> t.Any:  # noqa: ANN401 - as the option has it
        """Return an option in which the user may write an expression."""
        return self.templar.template(self.get_option(option))

    # Reading

    def _read(self, clusters: list[str]) -> list[dict[str, t.Any]]:
        """Return what each cluster says, once for each, in the order of the list."""
        secrets: set[str] = set()
        try:
            with quiet_libraries(lambda text: display.vvv(str(scrubbed(text, secrets)))):
                variables = self._connection_variables()
                secrets |= {str(value) for name, value in variables.items() if "pass" in name and value}
                clock = clock_from_environment()
                endpoints = [[self._endpoint(name.strip(), variables) for name in entry.split(",") if name.strip()] for entry in clusters]
                with ThreadPoolExecutor(AT_A_TIME) as pool:
                    answers = list(pool.map(lambda entry: ask(entry, clock), endpoints))
            return self._merged(answers)
        except (OperationError, ValueError) as error:
            raise AnsibleParserError(str(scrubbed(one_line(str(error)), secrets))) from None

    def _merged(self, answers: Iterable[dict[str, t.Any] | OperationError]) -> list[dict[str, t.Any]]:
        found: dict[str, dict[str, t.Any]] = {}
        for answer in answers:
            if not isinstance(answer, OperationError):
                found.setdefault(str(answer["cluster_fqdn"] or answer["cluster_name"]).casefold(), answer)
            elif self.get_option("skip_unreachable"):
                display.warning(f"A cluster is left out of the inventory: {one_line(answer.sentence())}")
            else:
                raise answer
        return list(found.values())

    def _connection_variables(self) -> Variables:
        """Return the variables that a host would have for the connection of this source."""
        names = CONNECTION_VARIABLES[self.get_option("connection")]
        options = {variable: self._templated(option) for option, variable in names.items()}
        given = {name: value for name, value in options.items() if value is not None}
        return {str(name): value for name, value in (given | self._templated("connection_variables")).items()}

    def _endpoint(self, address: str, variables: Variables) -> Endpoint:
        """Return how to reach one name, by the rules of the connection plugin itself."""
        kind = self.get_option("connection")
        connection = connection_loader.get(kind, PlayContext(), None)
        if connection is None:
            raise ConnectionTypeError(f"there is no connection plugin {kind}", node=address)
        values = variables | {"inventory_hostname": address, "ansible_host": address}
        connection.set_options(var_options=connection._resolve_option_variables(values, self.templar))  # noqa: SLF001 - what core itself calls
        return endpoint_from_connection(connection, address)

    # Hosts and groups

    def _add(self, cluster: Mapping[str, t.Any]) -> None:
        common = {name: value for name, value in cluster.items() if name != "nodes"}
        domain = str(cluster["cluster_fqdn"] or "").partition(".")[2]
        connection = self._shown_connection() if self.get_option("set_connection") else {}
        for node in cluster["nodes"]:
            short = str(node["cluster_node"]).lower()
            full = f"{short}.{domain}".lower() if domain else short
            host = self.inventory.add_host(full if self.get_option("host_names") == "fqdn" else short)
            if connection:
                connection["ansible_host"] = full
            # ansible-core 2.18 takes every text for a template that is not marked as coming from elsewhere.
            self._add_host(host, connection | {name: wrap_var(value) for name, value in (common | node).items()})

    def _add_host(self, host: str, variables: Variables) -> None:
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)
        for choice in self.get_option("group_by"):
            value = variables[GROUPED_BY[choice]]
            if value is not None:
                group = self.inventory.add_group(to_safe_group_name(f"{choice}_{value}".lower(), force=True, silent=True))
                self.inventory.add_child(group, host)
        strict = self.get_option("strict")
        try:
            self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)
        except AnsibleError as error:
            raise AnsibleParserError(f"{host}: {error}") from error

    def _shown_connection(self) -> Variables:
        """Return the variables of the connection that hosts may have: everything but who signs in."""
        shown = {name: value for name, value in self._connection_variables().items() if not is_secret(name, value)}
        return shown | {"ansible_connection": self.get_option("connection")}


def is_secret(name: str, value: object) -> bool:
    """Return whether a variable of the connection says who signs in, at the nodes or at a proxy.

    Args:
        name: of the variable.
        value: of the variable.
    """
    return "user" in name or "pass" in name or ("proxy" in name and "@" in str(value))


def ask(endpoints: list[Endpoint], clock: Clock) -> dict[str, t.Any] | OperationError:
    """Return what a cluster says about itself and its nodes, or why nobody could tell.

    Args:
        endpoints: where to ask, tried in this order until one answers.
        clock: the client's clock.
    """
    failed: OperationError = OperationError("an entry of clusters names no host", remedy="Name a cluster or a node in every entry")
    for endpoint in endpoints:
        try:
            with open_node(endpoint, clock) as client:
                return described(client.cluster.info(), client.cluster.nodes())
        except OperationError as error:
            failed = error
    return failed


def described(info: ClusterInfo, nodes: Iterable[ClusterNode]) -> dict[str, t.Any]:
    """Return a cluster and its nodes as plain values, named as the variables of hosts are.

    Args:
        info: what the cluster says about itself.
        nodes: its nodes.

    Raises:
        NameRefusedError: a name is none that a computer can have.
    """
    described_nodes = [
        {
            "cluster_node": _name(node.name),
            "cluster_node_state": node.state,
            "cluster_node_drain_status": node.drain_status,
            "cluster_node_site": node.site,
            "cluster_node_build": node.build_number,
        }
        for node in nodes
    ]
    cluster = {
        "cluster_name": _name(info.name),
        "cluster_fqdn": _name(info.fqdn) if info.fqdn else None,
        "cluster_functional_level": info.functional_level,
        "nodes": described_nodes,
    }
    return t.cast("dict[str, t.Any]", plain(cluster))


def _name(text: str) -> str:
    """Return a name that becomes part of host names, unless it is none: nothing else of a node's answer decides what Ansible does."""
    if not text or text[0] in ".-" or not all(character.isalnum() or character in "-_." for character in text):
        raise NameRefusedError(
            f"a cluster or node calls itself {one_line(text)!r}, which is no name of a computer",
            remedy="Check that the address belongs to a node of the cluster that you mean",
        )
    return text
