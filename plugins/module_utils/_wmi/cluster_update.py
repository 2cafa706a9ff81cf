# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CAU provider of a node: locks, sessions, the three update methods, reports (cau.md 1).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from .._errors import Outcome
from .._wsman.client import Client
from .._wsman.errors import FaultError
from .._wsman.events import Event
from .._wsman.instance import CimInstance
from .._wsman.kinds import Kind
from .._wsman.schema import ClassDefinition
from .._wsman.values import Argument
from .errors import SessionMissingError
from .guid import plain_guid
from .held_instance import HeldInstance
from .remote_class import RemoteClass, answer_decides
from .reports import Reports, StoredReports
from .update_results import InstallerResult, OfferedUpdate, UpdateResult, UpdateResultCode, installer_result, offered_update, results_of

__all__ = ["NAMESPACE", "ClusterUpdate", "InstallerResult", "OfferedUpdate", "UpdateResult", "UpdateResultCode"]

NAMESPACE = "root/microsoft/windows/clusterupdate"

FEATURE_UPDATES_ONLY = "FeatureUpdatesOnly"
"""Argument of the update methods of newer releases (cau.md 1.2)."""


class ClusterUpdate:
    """The CAU provider of one node: run lock, node session, updates, reports (cau.md 1).

    Args:
        client: the connection to the node.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._node = _remote(client, "MSFT_CAUNode")
        self._lock = HeldInstance(_remote(client, "MSFT_CAURun"), "run lock")
        self._session = HeldInstance(self._node, "node session")
        self._reports = Reports(_remote(client, "MSFT_CAUReportHelper"))
        self._definition: ClassDefinition | None = None
        self._has_looked_at_definition = False

    def run_lock(self) -> str | None:
        """Return the GUID that holds the run lock of this node, None when nobody does."""
        return self._lock.holder()

    def touch_run_lock(self, guid: str) -> bool:
        """Read the run lock by its key, so that it does not age out; False when this GUID does not hold it."""
        return self._lock.touch(guid)

    def create_run_lock(self, guid: str) -> None:
        """Take the run lock of this node; succeeds when this GUID holds it already.

        Raises:
            InstanceHeldError: another GUID holds it.
        """
        self._lock.take(guid)

    def delete_run_lock(self, guid: str) -> bool:
        """Give the run lock back; False when this GUID did not hold it, and then nothing was deleted."""
        return self._lock.give_back(guid)

    def node_session(self) -> str | None:
        """Return the GUID that holds the node session, None when nobody does."""
        return self._session.holder()

    def touch_node_session(self, guid: str) -> bool:
        """Read the node session by its key, so that it does not age out; False when this GUID does not hold it."""
        return self._session.touch(guid)

    def create_node_session(self, guid: str) -> None:
        """Take the node session; succeeds when this GUID holds it already.

        Raises:
            InstanceHeldError: another GUID holds it.
        """
        self._session.take(guid)

    def delete_node_session(self, guid: str) -> bool:
        """Give the node session back; False when this GUID did not hold it, and then nothing was deleted."""
        return self._session.give_back(guid)

    def scan(
        self,
        guid: str,
        query: str,
        include_recommended: bool,
        *,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> list[OfferedUpdate]:
        """Search for updates inside the node session; changes nothing on the node.

        Args:
            guid: GUID that holds the node session.
            query: WUA search criteria (cau.md 4.1).
            include_recommended: also updates that are only recommended.
            deadline_seconds: clock seconds after which the answer is no longer waited for.
            on_event: told what arrives meanwhile.
            should_stop: called now and then; what it raises ends the wait.
        """
        arguments = self._arguments("ScanUpdates", query, include_recommended)
        output = self._session_call("ScanUpdates", arguments, guid, Kind.READ, deadline_seconds, on_event, should_stop)
        offered = [offered_update(info) for info in output.instances("Info")]
        return list({update.update_id: update for update in offered}.values())

    def download(
        self,
        guid: str,
        query: str,
        include_recommended: bool,
        *,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> list[UpdateResult]:
        """Search and download what matches; arguments as for scan."""
        arguments = self._arguments("DownloadUpdates", query, include_recommended)
        output = self._session_call("DownloadUpdates", arguments, guid, Kind.IDEMPOTENT, deadline_seconds, on_event, should_stop)
        return results_of(output, Kind.IDEMPOTENT)

    def install(
        self,
        guid: str,
        query: str,
        include_recommended: bool,
        *,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> list[UpdateResult]:
        """Search and install what matches, once; arguments as for scan.

        Raises:
            OperationError: with Outcome.UNKNOWN the installation may have happened, or may still be going on.
        """
        arguments = self._arguments("InstallUpdates", query, include_recommended)
        output = self._session_call("InstallUpdates", arguments, guid, Kind.ONCE_ONLY, deadline_seconds, on_event, should_stop)
        return results_of(output, Kind.ONCE_ONLY)

    def reboot_required(self, guid: str) -> bool:
        """Ask the session whether a restart is pending; the return value itself is the answer (cau.md 1.2)."""
        with self._session_must_stand(guid):
            output = self._node.call("RebootRequired", {}, keys=self._session.keys(guid), kind=Kind.READ)
        return output.require_boolean("ReturnValue")

    def has_feature_updates_argument(self) -> bool:
        """Return whether this node's update methods take FeatureUpdatesOnly, as its own class definition says (cau.md 1.2)."""
        return self._takes("InstallUpdates", FEATURE_UPDATES_ONLY)

    def definition(self) -> ClassDefinition:
        """Return what the node says about MSFT_CAUNode, whose methods differ between releases (cau.md 1.2).

        Raises:
            FaultError: the node refuses to describe its class.
        """
        return self._client.get_class(NAMESPACE, self._node.name)

    def run_update_installer(
        self,
        guid: str,
        program: str,
        parameters: str,
        update_path: str,
        require_smb_encryption: bool,
        *,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None = None,
        should_stop: Callable[[], None] | None = None,
    ) -> InstallerResult:
        """Run one installer as SYSTEM on the node, once (cau.md 1.2).

        Args:
            guid: GUID that holds the node session.
            program: full path; quotation marks are added, since the provider demands them; environment variables are its to expand.
            parameters: command line, in which the provider replaces $update$ by the quoted update path.
            update_path: path of the update file as the node sees it.
            require_smb_encryption: refuse a share without SMB encryption.
            deadline_seconds: clock seconds after which the answer is no longer waited for; the provider has no limit of its own.
            on_event: told what arrives meanwhile.
            should_stop: called now and then; what it raises ends the wait.
        """
        bare = program.strip().strip('"')
        arguments: dict[str, Argument] = {
            "InstallerProgramPath": f'"{bare}"',
            "Parameters": parameters,
            "UpdatePath": update_path,
            "RequireSmbEncryption": require_smb_encryption,
        }
        output = self._session_call("RunUpdateInstaller", arguments, guid, Kind.ONCE_ONLY, deadline_seconds, on_event, should_stop)
        with answer_decides(Kind.ONCE_ONLY):
            return installer_result(output)

    def report_ids(self, guid: str | None = None) -> StoredReports:
        """Return when the reports that are stored on this node were made."""
        return self._reports.ids(guid)

    def get_report(self, timestamp: datetime, chunk_size: int = 65536, guid: str | None = None) -> bytes:
        """Return one stored report.

        Args:
            timestamp: one of report_ids.
            chunk_size: bytes per chunk.
            guid: GUID to address the report class with; any does, since reports belong to the node.
        """
        return self._reports.get(timestamp, chunk_size, guid)

    def put_report(self, timestamp: datetime, data: bytes, guid: str | None = None, chunk_size: int = 65536) -> None:
        """Store one report on this node; arguments as for get_report."""
        self._reports.put(timestamp, data, chunk_size, guid)

    def _session_call(
        self,
        method: str,
        arguments: Mapping[str, Argument],
        guid: str,
        kind: Kind,
        deadline_seconds: float,
        on_event: Callable[[Event], None] | None,
        should_stop: Callable[[], None] | None,
    ) -> CimInstance:
        with self._session_must_stand(guid):
            output = self._node.call_robust(
                method,
                arguments,
                keys=self._session.keys(guid),
                kind=kind,
                deadline_seconds=deadline_seconds,
                on_event=on_event,
                should_stop=should_stop,
            )
        self._node.check(method, output, kind=kind)
        return output

    @contextmanager
    def _session_must_stand(self, guid: str) -> Iterator[None]:
        """Turn "instance not found" into a sentence about the node session; a method that has not begun cannot run without its instance."""
        try:
            yield
        except FaultError as fault:
            # After a reconnection the fault speaks of the second look (wsman-cim.md 8.1), and a method that had begun may have gone on
            # without its session: then the fault stays what it is.
            if fault.is_not_found and fault.outcome is not Outcome.UNKNOWN:
                raise SessionMissingError(
                    f"the node session {plain_guid(guid)} is gone",
                    node=self._client.name,
                    code=fault.code,
                    remedy="The node drops a session that nobody touched for an hour; run it again",
                ) from fault
            raise

    def _arguments(self, method: str, query: str, include_recommended: bool) -> dict[str, Argument]:
        arguments: dict[str, Argument] = {"QueryString": query, "IncludeRecommendedUpdates": include_recommended}
        if self._takes(method, FEATURE_UPDATES_ONLY):
            arguments[FEATURE_UPDATES_ONLY] = False
        return arguments

    def _takes(self, method: str, parameter: str) -> bool:
        """Return whether the node's class definition declares the parameter.

        A node that refuses to describe its class gets the short form: a parameter that is left out means "not set" to any
        provider, one that it does not know is a fault (wsman-cim.md 5).
        """
        if not self._has_looked_at_definition:
            try:
                self._definition = self.definition()
            except FaultError as fault:
                if fault.outcome is not Outcome.FAILED or fault.is_access_denied:
                    raise
            self._has_looked_at_definition = True
        return self._definition is not None and self._definition.has_parameter(method, parameter)


def _remote(client: Client, name: str) -> RemoteClass:
    return RemoteClass(
        client,
        NAMESPACE,
        name,
        missing_text="the CAU provider is missing: the machine has no Failover Clustering feature, or its provider is not registered",
        missing_remedy="Install the Failover Clustering feature; if it is there, register CAUWMIv2.mof again with mofcomp",
    )
