# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host's Ansible connection to its WS-Management service: options are read, the connection itself is never opened.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.constants import MAGIC_VARIABLE_MAPPING
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible.utils.display import Display

from ..module_utils._clock import Clock
from ..module_utils._wmi.node_client import NodeClient
from ..module_utils._wsman.client import Client
from ..module_utils._wsman.endpoint import Endpoint
from ._connection_options import ConnectionTypeError
from ._psrp_options import endpoint_of_psrp
from ._winrm_options import endpoint_of_winrm

__all__ = ["ConnectionTypeError", "endpoint_from_connection", "open_node", "peer_connection"]

_READERS: Mapping[str, Callable[[ConnectionBase, str], Endpoint]] = {"winrm": endpoint_of_winrm, "psrp": endpoint_of_psrp}


def endpoint_from_connection(connection: ConnectionBase, name: str) -> Endpoint:
    """Return where and how to reach the host of a configured connection object.

    Args:
        connection: built and configured by Ansible, not connected.
        name: what to call the host in messages.

    Raises:
        ConnectionTypeError: the connection is not of a type with WS-Management behind it.
        ConnectionOptionError: one of its options cannot work.
    """
    connection_type = str(connection._load_name).removeprefix("ansible.builtin.")  # noqa: SLF001 - the only place that has it
    read = _READERS.get(connection_type)
    if read is None:
        raise ConnectionTypeError(
            f"the connection type is {connection_type}, and only {' and '.join(sorted(_READERS))} lead to WS-Management",
            node=name,
            remedy="Set ansible_connection to winrm or psrp for this host",
        )
    if connection.become is not None:
        Display().warning(
            "become has no effect on the tasks of cluster_aware.updating: they work with the rights of the user that signs in, and "
            "start no process on the host that could run as another one"
        )
    return read(connection, name)


def peer_connection(action: ActionBase, task_vars: Mapping[str, t.Any], host: str) -> ConnectionBase:
    """Return the configured connection object of another inventory host, as Ansible would build it for a task there.

    Keywords of the task and the password of -k apply to the peer too, as they would if the task ran there (task_executor.py).

    Args:
        action: the action that runs now.
        task_vars: its variables.
        host: inventory name of the peer.

    Raises:
        ConnectionTypeError: Ansible has no such connection plugin.
    """
    variables = dict(task_vars["hostvars"][host])
    templar = action._templar  # noqa: SLF001 - what every action uses
    play_context = action._play_context  # noqa: SLF001
    task = action._task  # noqa: SLF001
    connection_type = str(templar.template(variables.get("ansible_connection", task.connection)))
    connection = connection_loader.get(connection_type, play_context, None)
    if connection is None:
        raise ConnectionTypeError(f"there is no connection plugin {connection_type}", node=host)
    keywords = dict(task.dump_attrs())
    keywords.pop("retries", None)
    keywords["timeout"] = play_context.timeout
    password = _command_line_password(action, task_vars)
    if password:
        keywords["password"] = password
    options = connection._resolve_option_variables(variables, templar)  # noqa: SLF001 - what core itself calls
    connection.set_options(task_keys=keywords, var_options=options)
    return t.cast(ConnectionBase, connection)


def _command_line_password(action: ActionBase, task_vars: Mapping[str, t.Any]) -> str | None:
    """Return the password of -k, None when there is none or the host of this task hides it by one of its own.

    Core writes a host's own password over the one of -k in the play context, and that one must never travel to another host.
    """
    delegate = action._task.delegate_to  # noqa: SLF001
    variables = task_vars.get("ansible_delegated_vars", {}).get(delegate, {}) if delegate else task_vars
    if any(name in variables for name in MAGIC_VARIABLE_MAPPING["password"]):
        return None
    password = action._play_context.password  # noqa: SLF001
    return str(password) if password else None


def open_node(endpoint: Endpoint, clock: Clock) -> NodeClient:
    """Return the clients of a node's remote classes; the connection is made by the first call."""
    return NodeClient(Client(endpoint, clock), endpoint.name)
