# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventories for a twin's nodes, with the host's own connection as users write it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml

from .twin import TwinNode

USER = "svc-update"
"""The account that the shipped scenarios have for the collection."""

Variables = dict[str, t.Any]


def plain_name(node: TwinNode) -> str:
    """Return the host name that most inventories would have: the node's name in lower case."""
    return node.node.lower()


def connection(node: TwinNode, *, transport: str, certificate: Path | None) -> Variables:
    """Return the connection variables of a host: NTLM with message encryption over HTTP, or Basic over HTTPS."""
    variables: Variables = {"ansible_host": node.address, "ansible_connection": "winrm", "ansible_winrm_transport": transport}
    if transport == "basic":
        variables |= {"ansible_port": node.tls_port, "ansible_winrm_scheme": "https"}
        if certificate is None:
            variables["ansible_winrm_server_cert_validation"] = "ignore"
        else:
            variables["ansible_winrm_ca_trust_path"] = str(certificate)
    else:
        variables |= {"ansible_port": node.port, "ansible_winrm_scheme": "http", "ansible_winrm_message_encryption": "always"}
    return variables


def write_inventory(
    path: Path,
    nodes: Sequence[TwinNode],
    *,
    user: str = USER,
    password: str | None,
    transport: str = "ntlm",
    certificate: Path | None = None,
    name: Callable[[TwinNode], str] = plain_name,
    extra: Mapping[str, Variables] | None = None,
    common: Mapping[str, t.Any] | None = None,
) -> Path:
    """Write an inventory with one group per cluster, named after it in lower case.

    Args:
        path: the file.
        nodes: the hosts.
        user: account for all of them.
        password: its password; None leaves it to `--connection-password-file`.
        transport: ntlm (over HTTP) or basic (over HTTPS).
        certificate: what to trust over HTTPS; None trusts everything.
        name: host name of a node.
        extra: further variables by host name.
        common: further variables of all hosts.
    """
    children: dict[str, t.Any] = {}
    for node in nodes:
        variables = connection(node, transport=transport, certificate=certificate) | (extra or {}).get(name(node), {})
        children.setdefault(group_name(node.cluster), {"hosts": {}})["hosts"][name(node)] = variables
    shared: Variables = {"ansible_user": user, **(common or {})}
    if password is not None:
        shared["ansible_password"] = password
    path.write_text(yaml.safe_dump({"all": {"vars": shared, "children": children}}, sort_keys=False), encoding="utf-8")
    return path


def group_name(cluster: str) -> str:
    """Return the inventory group of a cluster."""
    return cluster.lower().replace("-", "_")
