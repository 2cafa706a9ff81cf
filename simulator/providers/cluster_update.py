# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MSFT_CAURun, MSFT_CAUNode and MSFT_CAUReportHelper (cau.md 1)."""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Callable, Mapping
from datetime import datetime

from .. import file_share
from ..cim import CimFault, ClassSchema, FaultStyle, Instance, Job, Reply
from ..model import agent, catalogue, criteria, installers, jobs, locks
from ..model.state import JobState, Power, ReportChunks
from .base import Arguments, ClassProvider, Context, Keys, Method, Values, has_keys, number_of, text_of

_CHUNK_LIMIT = 4 * 1024 * 1024


class _LockClass(ClassProvider):
    """A singleton that is a lock."""

    kind: locks.Kind

    def rows(self, context: Context) -> list[Values]:
        """Return the values of all instances."""
        lock = locks.held(context.node, self.kind)
        if lock is not None and context.cluster.behaviour.enumeration_touches:
            locks.touch(context.model, context.cluster, context.node, self.kind)
        return [] if lock is None else [{"OrchestratorGuid": lock.guid}]

    def get(self, context: Context, schema: ClassSchema, keys: Keys) -> Values:
        """Return one instance."""
        lock = locks.held(context.node, self.kind)
        row: Values = {"OrchestratorGuid": lock.guid if lock else None}
        if lock is None or not _names(row, keys):
            raise context.not_found(schema.name)
        if keys:
            locks.touch(context.model, context.cluster, context.node, self.kind)
        return row

    def create(self, context: Context, values: Arguments) -> dict[str, str]:
        """Create the instance and return its key."""
        guid = locks.take(context.model, context.cluster, context.node, self.kind, text_of(values, "OrchestratorGuid"))
        return {"OrchestratorGuid": guid}

    def delete(self, context: Context, keys: Keys) -> None:
        """Delete the instance."""
        lock = locks.held(context.node, self.kind)
        if lock is None or not _names({"OrchestratorGuid": lock.guid}, keys):
            raise context.not_found(f"{self.kind} {dict(keys)}")
        locks.release(context.model, context.cluster, context.node, self.kind)


def _names(row: Values, keys: Keys) -> bool:
    """Return whether keys name the instance; braces around a GUID make no difference here."""
    return has_keys({name: str(value).strip("{}") for name, value in row.items()}, {name: text.strip("{}") for name, text in keys.items()})


class CauRun(_LockClass):
    """The run lock."""

    kind = "run_lock"


def _work(kind: str) -> Method:
    def call(context: Context, keys: Keys, arguments: Arguments) -> Job:
        guid = keys["OrchestratorGuid"]
        if context.node.power is Power.SHUTTING_DOWN:
            raise CimFault(0x8007045B, "A system shutdown is in progress. ", sender=False, style=FaultStyle.WMI_ERROR, cim_status=28)
        options = {
            "recommended": arguments.get("IncludeRecommendedUpdates") is True,
            "feature_only": arguments.get("FeatureUpdatesOnly") is True,
        }
        query = text_of(arguments, "QueryString")
        try:
            job = agent.start(context.model, context.cluster, context.node, kind, guid, query, **options)
        except criteria.CriteriaError:
            text = "The search criteria string was invalid. "
            raise CimFault(0x80240032, text, sender=False, style=FaultStyle.WMI_ERROR, cim_status=1) from None
        return _listen(context, job, agent.cancelled)

    return call


def _listen(context: Context, job: JobState, on_cancel: Callable[..., None] | None = None) -> Job:
    return jobs.ModelJob(context.model, job.number, context.embed, on_cancel)


def _reboot_required(context: Context, _keys: Keys, _arguments: Arguments) -> Reply:
    return Reply({}, catalogue.needs_restart(context.node))


def _run_update_installer(context: Context, keys: Keys, arguments: Arguments) -> Job:
    names = ("InstallerProgramPath", "Parameters", "UpdatePath")
    program, parameters, path = (text_of(arguments, name) for name in names)
    if not _is_complete_program(program):
        raise context.bad_parameters()
    require_encryption = arguments.get("RequireSmbEncryption") is True
    refusal = file_share.launch_result(context.cluster.shares, path, require_encryption=require_encryption)
    guid = keys["OrchestratorGuid"]
    job = installers.start(context.model, context.cluster, context.node, guid, program, parameters, path, refusal)
    return _listen(context, job)


def _is_complete_program(program: str) -> bool:
    """Return whether a program is a complete path in quotation marks, as RunUpdateInstaller demands (cau.md 1.2).

    Only Parameters have $update$ replaced by the provider as far as its log shows, so it is no path here.
    """
    path = program[1:-1]
    is_quoted = len(program) > 2 and program.startswith('"') and program.endswith('"') and '"' not in path
    return is_quoted and (path.startswith("\\\\") or installers.expanded(program)[1:3] == ":\\")


class CauNode(_LockClass):
    """The node session with its methods."""

    kind = "node_session"
    methods: t.ClassVar[Mapping[str, Method]] = {
        "RebootRequired": _reboot_required,
        "ScanUpdates": _work("scan"),
        "DownloadUpdates": _work("download"),
        "InstallUpdates": _work("install"),
        "RunUpdateInstaller": _run_update_installer,
    }

    def check_instance(self, context: Context, schema: ClassSchema, keys: Keys) -> None:
        """Raise a fault unless the method may be called so."""
        if not keys:
            # wsman-cim.md 3.6: without selectors Windows answers so, also for a singleton.
            raise context.bad_parameters()
        self.get(context, schema, keys)


def _moment(value: object) -> datetime | None:
    """Return a report's id in whole seconds: its file name has no more (cau.md 1.5)."""
    stamp = value.values.get("Timestamp") if isinstance(value, Instance) else None
    return stamp.replace(microsecond=0) if isinstance(stamp, datetime) else None


def _get_report_ids(context: Context, _keys: Keys, _arguments: Arguments) -> Job:
    job = jobs.begin(context.model, context.cluster, context.node, "report", "")
    for report in sorted(context.node.reports.values(), key=lambda report: report.timestamp):
        if report.is_complete:
            jobs.stream(context.model, job, "ReportID", "MSFT_CAURun_Report_ID", {"Timestamp": report.timestamp})
    jobs.reply(context.model, job)
    return _listen(context, job)


def _get_report(context: Context, _keys: Keys, arguments: Arguments) -> Job:
    stamp, size = _moment(arguments.get("ReportId")), number_of(arguments, "ChunkSize")
    report = context.node.reports.get(stamp) if stamp else None
    if report is None or not report.is_complete:
        raise context.not_found("MSFT_CAURun_Report")
    if not 0 < size <= _CHUNK_LIMIT:
        raise context.bad_parameters()
    data = b"".join(report.chunks[number] for number in sorted(report.chunks))
    job = jobs.begin(context.model, context.cluster, context.node, "report", "")
    for number, start in enumerate(range(0, max(len(data), 1), size)):
        if report.damage == "missing_chunk" and number == 0:
            continue
        text = "%" if report.damage == "not_base64" else base64.b64encode(data[start : start + size]).decode("ascii")
        values = {"Timestamp": report.timestamp, "SequenceNumber": number, "Data": text}
        jobs.stream(context.model, job, "ReportChunks", "MSFT_CAURun_Report_Chunk", values)
    jobs.reply(context.model, job)
    return _listen(context, job)


def _put_report(context: Context, _keys: Keys, arguments: Arguments) -> Reply:
    chunk = arguments.get("ReportChunk")
    stamp = _moment(chunk)
    if not isinstance(chunk, Instance) or stamp is None or stamp.year == 1:
        raise context.bad_parameters()
    number = number_of(chunk.values, "SequenceNumber")
    report = context.node.reports.setdefault(stamp, ReportChunks(stamp))
    try:
        report.chunks[number] = base64.b64decode(text_of(chunk.values, "Data"), validate=True)
    except binascii.Error:
        raise context.bad_parameters() from None
    is_last = arguments.get("LastChunk") is True
    context.model.emit("report_chunk_stored", context.cluster.name, context.node.name, timestamp=stamp, sequence=number, last=is_last)
    if not is_last:
        return Reply({}, 0)
    has_all = sorted(report.chunks) == list(range(number + 1))
    size = sum(len(part) for part in report.chunks.values())
    if not has_all or size != number_of(arguments, "ReportSize", size):
        del context.node.reports[stamp]
        return Reply({}, 1)
    report.is_complete = True
    return Reply({}, 0)


class CauReportHelper(ClassProvider):
    """Reports of a node; that the methods need no instance is the tolerant reading of wmi-classes.yml."""

    methods: t.ClassVar[Mapping[str, Method]] = {"GetReportIDs": _get_report_ids, "GetReport": _get_report, "PutReport": _put_report}

    def create(self, context: Context, values: Arguments) -> dict[str, str]:
        """Create the instance and return its key."""
        del context
        return {"OrchestratorGuid": text_of(values, "OrchestratorGuid")}

    def delete(self, context: Context, keys: Keys) -> None:
        """Delete the instance."""
        del context, keys

    def check_instance(self, context: Context, schema: ClassSchema, keys: Keys) -> None:
        """Raise a fault unless the method may be called so."""
        del context, schema, keys


PROVIDERS: dict[str, ClassProvider] = {
    "MSFT_CAURun": CauRun(),
    "MSFT_CAUNode": CauNode(),
    "MSFT_CAUReportHelper": CauReportHelper(),
}
