# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Win32 codes of the cluster as faults, and the texts Windows has for them (cau.md 2.4)."""

from __future__ import annotations

from ..cim import CimFault, FaultStyle

NODE_NOT_AVAILABLE, NODE_DOWN, NODE_NOT_PAUSED, NODE_PAUSED, NODE_SHUTTING_DOWN = 5005, 5050, 5058, 5070, 5073
NO_QUORUM, RESOURCE_LOCKED, DRAIN_IN_PROGRESS, STORAGE_DEGRADED = 5925, 5960, 5962, 5987
GROUP_NOT_FOUND, GROUP_MOVING, RPC_UNAVAILABLE, NO_ENDPOINT = 5013, 5908, 1722, 1753

_TEXTS = {
    NODE_NOT_AVAILABLE: "A cluster node is not available for this operation.",
    GROUP_NOT_FOUND: "The cluster group could not be found.",
    NODE_DOWN: "The cluster node is down.",
    NODE_NOT_PAUSED: "The cluster node is not paused.",
    NODE_PAUSED: "The cluster node is paused.",
    NODE_SHUTTING_DOWN: "The cluster node is in the process of shutting down.",
    GROUP_MOVING: "The cluster group is moving.",
    NO_QUORUM: "The cluster does not have a quorum.",
    RESOURCE_LOCKED: "The operation cannot be completed because a resource is locked.",
    DRAIN_IN_PROGRESS: "The drain of the cluster node is already in progress.",
    STORAGE_DEGRADED: "The operation was refused because the storage of the cluster is degraded.",
    NO_ENDPOINT: "There are no more endpoints available from the endpoint mapper.",
    RPC_UNAVAILABLE: "The RPC server is unavailable.",
}


def win32_text(code: int) -> str:
    """Return the sentence for a code."""
    return _TEXTS.get(code, f"Error {code}.")


def win32_fault(code: int) -> CimFault:
    """Return the fault in which the cluster's WMI v1 provider reports a Win32 code: as HRESULT_FROM_WIN32.

    Which detail element real hosts use for it is not recorded; WMI v1 providers are reported in the WSMan style (wsman-cim.md 6.1).
    """
    return CimFault(0x80070000 | code, f"{win32_text(code)} ", subcode="w:InternalError", sender=False, style=FaultStyle.WSMAN)
