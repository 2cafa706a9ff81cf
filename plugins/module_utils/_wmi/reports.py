# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of earlier runs, as MSFT_CAUReportHelper keeps them on each node (cau.md 1.5).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from .._wsman.errors import AnswerError, FaultError
from .._wsman.instance import CimInstance
from .._wsman.kinds import Kind
from .._wsman.values import Argument, EmbeddedInstance
from .guid import plain_guid
from .held_instance import KEY
from .remote_class import RemoteClass

_DEADLINE_SECONDS = 300.0

# Reports are kept per node, not per coordinator, so reading them needs no GUID of a run (cau.md 1.5).
_NO_GUID = "00000000-0000-0000-0000-000000000000"

# Native tools choke on a report of the minimum date (cau.md 1.5); CAU itself appeared in 2012.
_FIRST_YEAR = 2012

# INSUFFCIENT_SELECTORS, INVALID_URI_WMI_SINGLETON and WBEM_E_INVALID_METHOD_PARAMETERS: a call without keys where keys are wanted
# (wsman-cim.md 3.6, 6.2).
_INSTANCE_WANTED = frozenset({0x8033805A, 0x803380FA, 0x8004102F})


class StoredReports(t.NamedTuple):
    """Which reports a node has.

    Args:
        times: when they were made, oldest first, aware UTC.
        nameless: how many have no time that can be read.
    """

    times: tuple[datetime, ...]
    nameless: int = 0


class Reports:
    """The reports stored on one node.

    Whether the methods want an instance or the class is not documented (cau.md 8.4), so the instance is addressed first, and the
    class when the node knows no such instance: a method of an instance that does not exist cannot have run.

    Args:
        remote: MSFT_CAUReportHelper of the node.
    """

    def __init__(self, remote: RemoteClass) -> None:
        self._remote = remote

    def ids(self, guid: str | None) -> StoredReports:
        """Return the times of the stored reports; one that cannot be read does not hide the others."""
        output = self._call("GetReportIDs", {}, guid, Kind.READ)
        times, nameless = [], 0
        for report in output.instances("ReportID"):
            try:
                times.append(report.require_moment("Timestamp"))
            except AnswerError:
                nameless += 1
        return StoredReports(tuple(sorted(times)), nameless)

    def get(self, timestamp: datetime, chunk_size: int, guid: str | None) -> bytes:
        """Return one report, put together from its chunks.

        Raises:
            AnswerError: a chunk is missing, double or not base64.
        """
        arguments: dict[str, Argument] = {"ReportId": self._identity(timestamp), "ChunkSize": chunk_size}
        output = self._call("GetReport", arguments, guid, Kind.READ)
        chunks = sorted(output.instances("ReportChunks"), key=lambda chunk: chunk.require_integer("SequenceNumber"))
        numbers = [chunk.require_integer("SequenceNumber") for chunk in chunks]
        if not chunks or numbers != list(range(len(chunks))):
            raise AnswerError(f"the report came in the chunks {numbers}, not one of each from 0 on", node=self._remote.client.name)
        return b"".join(self._data(chunk) for chunk in chunks)

    def put(self, timestamp: datetime, data: bytes, chunk_size: int, guid: str | None) -> None:
        """Store one report, chunk by chunk; storing the same report again overwrites it.

        Raises:
            ValueError: the report is empty, or its time is not aware or lies before CAU existed.
        """
        if not data:
            raise ValueError("a report must not be empty")
        moment = _whole_second(timestamp)
        pieces = [data[start : start + chunk_size] for start in range(0, len(data), chunk_size)]
        for number, piece in enumerate(pieces):
            chunk = EmbeddedInstance(
                self._remote.namespace,
                "MSFT_CAURun_Report_Chunk",
                {"Data": base64.b64encode(piece).decode("ascii"), "SequenceNumber": number, "Timestamp": moment},
            )
            arguments: dict[str, Argument] = {
                "ReportSize": len(data),
                "ReportChunk": chunk,
                "LastChunk": number == len(pieces) - 1,
            }
            self._call("PutReport", arguments, guid, Kind.IDEMPOTENT)

    def _identity(self, timestamp: datetime) -> EmbeddedInstance:
        return EmbeddedInstance(self._remote.namespace, "MSFT_CAURun_Report_ID", {"Timestamp": _whole_second(timestamp)})

    def _data(self, chunk: CimInstance) -> bytes:
        try:
            return base64.b64decode(chunk.require_text("Data"), validate=True)
        except binascii.Error:
            raise AnswerError("a chunk of the report is not base64", node=self._remote.client.name) from None

    def _call(self, method: str, arguments: Mapping[str, Argument], guid: str | None, kind: Kind) -> CimInstance:
        def run(keys: Mapping[str, str] | None) -> CimInstance:
            return self._remote.call_robust(method, arguments, keys=keys, kind=kind, deadline_seconds=_DEADLINE_SECONDS)

        output = self._on_instance_or_class(run, guid)
        self._remote.check(method, output, kind=kind)
        return output

    def _on_instance_or_class(self, run: Callable[[Mapping[str, str] | None], CimInstance], guid: str | None) -> CimInstance:
        try:
            return run({KEY: plain_guid(guid or _NO_GUID)})
        except FaultError as fault:
            if not fault.is_not_found:
                raise
            missing = fault
        try:
            return run(None)
        except FaultError as fault:
            # The class takes no calls without an instance, so what was not found is the report itself.
            raise missing if fault.code in _INSTANCE_WANTED else fault from None


def _whole_second(timestamp: datetime) -> datetime:
    """Return the time in UTC without its fraction: report files are named to the second, so a fraction may not come back."""
    if timestamp.tzinfo is None or timestamp.year < _FIRST_YEAR:
        raise ValueError(f"a report needs an aware time of {_FIRST_YEAR} or later, not {timestamp.isoformat()}")
    return timestamp.astimezone(UTC).replace(microsecond=0)
