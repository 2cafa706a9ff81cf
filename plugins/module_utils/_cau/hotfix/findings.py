# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the permissions of a hotfix root folder, each cause once, with the command that mends it.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from . import rights

_MERGE_FROM = 4
"""So many things of one folder with the same fault are one finding; fewer are named each."""


class Severity(enum.StrEnum):
    """Whether a finding stops the run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One cause of permissions that are not as they must be.

    Args:
        path: UNC path of the file or folder at which it is mended.
        trustee: whom it is about: the name, or the SID where it has none.
        right: the right in words.
        severity: whether it stops the run.
        fact: what was found, without a full stop.
        commands: what mends it, in order, on Windows as an administrator of the file server; empty when a person has to decide.
        count: files and folders that it concerns.
    """

    path: str
    trustee: str
    right: str
    severity: Severity
    fact: str
    commands: tuple[str, ...] = ()
    count: int = 1

    @property
    def is_error(self) -> bool:
        """Whether it stops the run."""
        return self.severity is Severity.ERROR

    def sentence(self) -> str:
        """Return the finding and its mend as one text."""
        return f"{self.fact}; run {' and then '.join(self.commands)}" if self.commands else self.fact


class FaultKind(enum.Enum):
    """What is wrong with one file or folder."""

    WRITE = enum.auto()
    """Somebody may write who must not."""
    NO_LIST = enum.auto()
    """There is no access control list, so everybody may do everything."""
    UNREADABLE = enum.auto()
    """Nothing lets Users read."""
    DENIED = enum.auto()
    """An entry keeps Users from reading."""
    OWNER = enum.auto()
    """The owner, who can change the list, is none of those who may write."""
    UNCLEAR = enum.auto()
    """An entry that is neither a plain grant nor a plain refusal may let somebody write."""


_WARNINGS = frozenset({FaultKind.OWNER, FaultKind.UNCLEAR})


@dataclass(frozen=True)
class Origin:
    """Where a fault comes from, and so is mended.

    Args:
        path: relative to the root folder.
        is_directory: whether that is a folder.
        sid: the trustee of the entry there, which may be CREATOR OWNER where the fault names the creator.
        is_from_above: whether that entry is itself inherited: from above the root folder or, as with a file that was moved and kept
            what it had inherited, from a folder that does not show.
    """

    path: str
    is_directory: bool
    sid: str
    is_from_above: bool = False


@dataclass(frozen=True)
class Fault:
    """What is wrong with one file or folder.

    Args:
        kind: what.
        path: relative to the root folder.
        sid: whom it is about.
        mask: the rights.
        origin: where it is mended.
    """

    kind: FaultKind
    path: str
    sid: str
    mask: int
    origin: Origin


@dataclass
class _Group:
    """The faults of one cause."""

    kind: FaultKind
    sid: str
    origin: Origin
    mask: int = 0
    paths: set[str] = field(default_factory=set)
    is_spread: bool = False

    def add(self, mask: int, paths: Iterable[str]) -> None:
        self.mask |= mask
        self.paths.update(paths)

    @property
    def is_below_root(self) -> bool:
        return self.origin.path in self.paths and self.origin.path != ""


def merge(faults: Iterable[Fault], unc: Callable[[str], str], names_of: Callable[[set[str]], Mapping[str, str]]) -> tuple[Finding, ...]:
    """Return one finding per cause, errors first.

    Args:
        faults: everything that was found.
        unc: gives the UNC path of a relative one.
        names_of: gives the names of SIDs, as far as they have one.
    """
    groups: dict[tuple[FaultKind, str, Origin], _Group] = {}
    for fault in faults:
        group = groups.setdefault((fault.kind, fault.sid, fault.origin), _Group(fault.kind, fault.sid, fault.origin))
        group.add(fault.mask, [fault.path])
    merged = _siblings_merged(groups.values())
    names = names_of({sid for group in merged for sid in (group.sid, group.origin.sid)}) if merged else {}
    findings = [_finding(group, unc, names) for group in merged]
    return tuple(sorted(findings, key=lambda finding: (finding.severity, finding.path, finding.trustee)))


def _siblings_merged(groups: Iterable[_Group]) -> list[_Group]:
    found: list[_Group] = []
    siblings: dict[tuple[FaultKind, str, Origin], list[_Group]] = {}
    for group in groups:
        if group.is_below_root:
            folder = Origin(group.origin.path.rpartition("\\")[0], True, group.origin.sid, group.origin.is_from_above)
            siblings.setdefault((group.kind, group.sid, folder), []).append(group)
        else:
            found.append(group)
    for (kind, sid, folder), members in siblings.items():
        if len(members) < _MERGE_FROM:
            found += members
            continue
        whole = _Group(kind, sid, folder, is_spread=True)
        for member in members:
            whole.add(member.mask, member.paths)
        found.append(whole)
    return found


def _finding(group: _Group, unc: Callable[[str], str], names: Mapping[str, str]) -> Finding:
    trustee = names.get(group.sid, group.sid)
    right = rights.read_words(group.mask) if group.kind in {FaultKind.UNREADABLE, FaultKind.DENIED} else rights.write_words(group.mask)
    facts = {
        FaultKind.WRITE: f"{trustee} may write ({right}), which only Administrators, SYSTEM, CREATOR OWNER and TrustedInstaller may",
        FaultKind.NO_LIST: "there is no access control list, so everybody may do everything",
        FaultKind.UNREADABLE: f"Users may not {right}",
        FaultKind.DENIED: f"an entry denies {trustee} to {right}, so Users may not",
        FaultKind.OWNER: f"{trustee} is the owner, who can change the permissions",
        FaultKind.UNCLEAR: f"an entry with a condition, or for single properties, may let {trustee} write ({right}); look at it",
    }
    path = unc(group.origin.path)
    return Finding(
        path=path,
        trustee=trustee,
        right=right,
        severity=Severity.WARNING if group.kind in _WARNINGS else Severity.ERROR,
        fact=f"{path}: {facts[group.kind]}{_extent(group)}",
        commands=_commands(group, path, names),
        count=len(group.paths),
    )


def _extent(group: _Group) -> str:
    below = len(group.paths - {group.origin.path})
    things = f"{below} {'file or folder' if below == 1 else 'files and folders'}"
    is_above = group.origin.is_from_above and not group.origin.path and not group.is_spread
    above = ", by an entry inherited from above the root folder" if is_above else ""
    if not below:
        return above
    return f" (here and at {things} below{above})" if group.origin.path in group.paths else f" (at {things} below{above})"


def _commands(group: _Group, path: str, names: Mapping[str, str]) -> tuple[str, ...]:
    flags = "(OI)(CI)" if group.origin.is_directory else ""
    tree = " /t" if len(group.paths) > 1 else ""
    if group.kind is FaultKind.UNCLEAR:
        return ()
    if group.kind is FaultKind.UNREADABLE:
        level = "R" if group.mask == rights.READ else "RX"
        return (f'icacls "{path}" /grant "*{rights.USERS}:{flags}({level})"{tree}',)
    if group.kind is FaultKind.OWNER:
        return (f'icacls "{_inside(group, path)}" /setowner "*{rights.ADMINISTRATORS}"{tree}',)
    if group.kind is FaultKind.NO_LIST:
        full = " ".join(f'"*{sid}:{flags}(F)"' for sid in (rights.ADMINISTRATORS, rights.SYSTEM))
        return (f'icacls "{path}" /grant {full} "*{rights.USERS}:{flags}(RX)"{tree}',)
    detach = (f'icacls "{_inside(group, path)}" /inheritance:d',) if group.origin.is_from_above else ()
    return (*detach, _without_entry(group, path, flags, names))


def _without_entry(group: _Group, path: str, flags: str, names: Mapping[str, str]) -> str:
    sid = group.origin.sid
    if group.kind is FaultKind.WRITE and sid in rights.READERS:
        # Taking the whole entry away would take the right to read with it, which they need.
        return f'icacls "{path}" /grant:r "*{sid}:{flags}(RX)"{" /t" if group.is_spread else ""}'
    # The name of a well-known trustee differs by the language of Windows; its SID does not. Without a domain it is no account's name.
    name = names.get(sid, "")
    trustee = name if sid.startswith("S-1-5-21-") and "\\" in name else f"*{sid}"
    return f'icacls "{_inside(group, path)}" /remove:{"d" if group.kind is FaultKind.DENIED else "g"} "{trustee}"'


def _inside(group: _Group, path: str) -> str:
    return f"{path}\\*" if group.is_spread else path
