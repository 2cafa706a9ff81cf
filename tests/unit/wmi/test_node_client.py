# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of a node's WinRM service, which not everybody may see."""

from __future__ import annotations

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.node_client import NodeClient
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.client import ServerConfiguration
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.errors import WsmanError

from .scripted import ScriptedClient, fault, unreachable

LIMITS = ServerConfiguration(60000, 500, None)


class ConfiguredClient(ScriptedClient):
    """Shows its configuration, or raises."""

    def __init__(self, answer: ServerConfiguration | WsmanError) -> None:
        super().__init__()
        self.answer = answer

    def configuration(self) -> ServerConfiguration:
        if isinstance(self.answer, WsmanError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(("answer", "expected"), [(LIMITS, LIMITS), (fault(wsman_code=5), None)])
def test_limits_are_read_where_the_node_shows_them(answer: ServerConfiguration | WsmanError, expected: ServerConfiguration | None) -> None:
    assert NodeClient(ConfiguredClient(answer), "node1").winrm_limits() == expected


def test_node_without_an_answer_is_no_refusal() -> None:
    with pytest.raises(WsmanError, match="refused"):
        NodeClient(ConfiguredClient(unreachable()), "node1").winrm_limits()
