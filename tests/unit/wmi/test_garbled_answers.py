# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever text a node puts where a number, a time or a name belongs: a record or a typed error, never anything else."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import OperationError, Outcome
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster import Cluster
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.cluster_update import ClusterUpdate, UpdateResultCode
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.errors import MethodFailedError
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.operating_system import OperatingSystem
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.registry import Registry
from ansible_collections.cluster_aware.updating.plugins.module_utils._wmi.storage import Storage
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.instance import CimInstance
from hypothesis import given
from hypothesis import strategies as st

from .scripted import GUID, Record, ScriptedClient, Value, cau_node_class, instance

T = t.TypeVar("T")

LIKELY = st.sampled_from(
    ["0", "1", "2", "-1", "4294967295", "true", "FALSE", "2025-10-14T18:30:00Z", "9999-12-31T23:59:59+14:00", "", "{}", "<INSTANCE"]
)
TEXTS: st.SearchStrategy[Value] = st.one_of(st.none(), LIKELY, st.text(max_size=12), st.integers(-(2**70), 2**70).map(str))


def records(names: list[str]) -> st.SearchStrategy[dict[str, Value]]:
    """Return property sets in which each name is absent, nil, one text or several."""
    return st.dictionaries(st.sampled_from(names), st.one_of(TEXTS, st.lists(TEXTS, max_size=3)))


UPDATE = [
    "UpdateId",
    "UpdateTitle",
    "UpdateDesc",
    "UpdateResultCode",
    "UpdateErrorCode",
    "UpdateTimestamp",
    "RebootRequired",
    "LongRebootHint",
]
NODE = ["Name", "State", "NodeDrainStatus", "StatusInformation", "NodeWeight", "DynamicWeight", "DrainErrorCode", "BuildNumber"]
GROUP = ["Name", "State", "OwnerNode", "IsCore", "GroupType", "StatusInformation", "Priority", "LockedFromMoving"]
SYSTEM = ["CSName", "LastBootUpTime", "LocalDateTime", "Version", "BuildNumber", "Caption"]
DISK = ["FriendlyName", "HealthStatus", "OperationalStatus", "DetachedReason"]
TIME = ["Year", "Month", "Day", "Hour", "Minute", "Second"]


def attempt(run: Callable[[], T]) -> T | OperationError:
    """Return what an operation gives, or the typed error that it ends in; any other exception passes."""
    try:
        return run()
    except OperationError as error:
        return error


@given(properties=records(UPDATE), code=TEXTS)
def test_an_installation_is_read_or_its_outcome_is_unknown(properties: dict[str, Value], code: Value) -> None:
    answer = instance("InstallUpdates_OUTPUT", Info=[Record("MSFT_CAU_InstallUpdateInfo", properties)], ReturnValue=code)
    client = ScriptedClient().on("class", "MSFT_CAUNode", cau_node_class(has_feature_updates=False))
    client.on("robust", "MSFT_CAUNode.InstallUpdates", answer)
    results = attempt(lambda: ClusterUpdate(client).install(GUID, "q", False, deadline_seconds=60))
    if isinstance(results, MethodFailedError):
        assert results.outcome is Outcome.FAILED
    elif isinstance(results, OperationError):
        assert results.outcome is Outcome.UNKNOWN
    else:
        assert all(result.result in UpdateResultCode and 0 <= result.error_code < 2**32 for result in results)
        assert all(result.timestamp is None or result.timestamp.utcoffset() is not None for result in results)


def _read(target: str, read: Callable[[ScriptedClient], object]) -> Callable[[CimInstance], object]:
    def run(answer: CimInstance) -> object:
        operation, _unused, name = target.partition(" ")
        client = ScriptedClient().on(operation, name, answer if operation in {"get", "invoke"} else [answer])
        # Code 1 of the registry makes it ask for the list of values.
        return read(client.on("invoke", "StdRegProv.EnumValues", instance("EnumValues_OUTPUT", ReturnValue=0)))

    return run


READERS: dict[str, tuple[list[str], Callable[[CimInstance], object]]] = {
    "node": (NODE, _read("get MSCluster_Node", lambda client: Cluster(client).node("N1"))),
    "groups": (GROUP, _read("enumerate MSCluster_ResourceGroup", lambda client: Cluster(client).groups())),
    "info": (["Name", "Fqdn", "S2DEnabled"], _read("enumerate MSCluster_Cluster", lambda client: Cluster(client).info())),
    "quorum": (
        ["ReturnValue"],
        _read("invoke MSCluster_Node.WillOfflineLoseQuorum", lambda client: Cluster(client).would_lose_quorum("N1")),
    ),
    "system": (SYSTEM, _read("enumerate Win32_OperatingSystem", lambda client: OperatingSystem(client).info())),
    "time": (TIME, _read("enumerate Win32_UTCTime", lambda client: OperatingSystem(client).utc_now())),
    "disks": (DISK, _read("enumerate MSFT_VirtualDisk", lambda client: Storage(client).virtual_disks())),
    "number": (["ReturnValue", "uValue"], _read("invoke StdRegProv.GetDWORDValue", lambda client: Registry(client).number("K", "v"))),
    "lock": (["OrchestratorGuid"], _read("enumerate MSFT_CAURun", lambda client: ClusterUpdate(client).run_lock())),
}


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_a_read_gives_a_record_or_a_typed_error(name: str, data: st.DataObject) -> None:
    names, read = READERS[name]
    answer = instance("Any", **data.draw(records(names)))
    result = attempt(lambda: read(answer))
    assert not isinstance(result, OperationError) or result.sentence()
