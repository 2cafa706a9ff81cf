# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of each update and hotfix of a node, from the results of the tasks and what the journal remembers; pure functions.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..._wmi.codes import describe, unsigned
from .pieces import Piece

Item: t.TypeAlias = dict[str, t.Any]
"""One update or hotfix of a record."""

WINDOWS_UPDATES = "Microsoft.WindowsUpdatePlugin"
HOTFIXES = "Microsoft.HotfixPlugin"

_ADDING_UP = "plugin_round"


class State(enum.StrEnum):
    """What became of an update or a hotfix."""

    INSTALLED = "installed"
    ALREADY_INSTALLED = "already_installed"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"
    """Whether it was installed is not known."""
    NOT_TAKEN = "not_taken"
    """The node did not take it: it does not apply any more, or wants a licence or a user."""
    DEFERRED = "deferred"
    """A restart decides; the next scan tells."""
    STAGED = "staged"
    """It was downloaded, and its installation was not begun."""
    OFFERED = "offered"
    """It was found, and neither downloaded nor begun."""
    SKIPPED = "skipped"
    """It was left out on purpose."""


BAD = frozenset({State.FAILED, State.CANCELED, State.UNKNOWN})

# What the installer of a hotfix said, in the words of a record (cau.md 6.2).
_HOTFIX_STATES = {
    "succeeded": State.INSTALLED,
    "succeeded_reboot_required": State.INSTALLED,
    "already_installed": State.ALREADY_INSTALLED,
    "not_applicable": State.NOT_APPLICABLE,
    "failed": State.FAILED,
    "failed_reboot_required": State.FAILED,
    "unknown": State.UNKNOWN,
    "dealt_with": State.INSTALLED,
    "not_tried": State.OFFERED,
}


def code_fields(code: int | None) -> dict[str, t.Any]:
    """Return a code as a record has it: the number as people search for it, its symbol and its meaning.

    Args:
        code: signed or unsigned; None or 0 when there is none.
    """
    if not code:
        return {"code": None, "symbol": None, "meaning": None}
    number = unsigned(code)
    known = describe(code)
    return {
        "code": f"{number}" if number <= 0xFFFF else f"0x{number:08X}",
        "symbol": known.symbol if known else None,
        "meaning": known.meaning if known else None,
    }


class Items:
    """The updates and hotfixes of one node while its record is put together; the last word about each counts."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Item] = {}

    def all(self) -> list[Item]:
        """Return them in the order in which they were first met."""
        return list(self._items.values())

    def take_task(self, task: Piece) -> None:
        """Enter what the result of a task tells; whatever task has "updates" or "hotfixes" in its result, an own plug-in's too."""
        result = task["result"]
        plugin = str(result.get("plugin") or WINDOWS_UPDATES)
        # The task that adds plug-ins up repeats what the built-in ones have told by themselves.
        is_repeated = task["task"] == _ADDING_UP
        for update in _listed(result.get("updates")):
            if update.get("plugin") or not is_repeated:
                self._take_update(str(update.get("plugin") or plugin), update, task)
        for update in _listed(result.get("filtered_updates")):
            self._skip(plugin, str(update["id"]), update, str(update.get("filtered_reason") or "left out"))
        for hotfix in _listed(result.get("hotfixes"), key="path"):
            self._take_hotfix(hotfix, task)
        for ignored in _listed(result.get("ignored"), key="path"):
            self._skip(HOTFIXES, str(ignored["path"]), {}, str(ignored.get("reason") or "left out"))

    def _take_update(self, plugin: str, update: Mapping[str, t.Any], task: Piece) -> None:
        state = _update_state(update)
        # Whatever has a state was tried by this task; an own plug-in says how it went in other words.
        is_own_failure = bool(update.get("plugin") and update.get("failure_msg"))
        is_tried = bool(update.get("state") or update.get("installed")) or is_own_failure
        item = self._item(plugin, str(update["id"]))
        kb = update.get("kb")
        item["title"] = update.get("title") or item["title"]
        item["kb"] = [str(each) for each in kb] if isinstance(kb, list | tuple) else item["kb"]
        if item["tries"] and not is_tried:
            return
        if state == State.OFFERED and item["state"] == State.STAGED:
            return
        code = update.get("failure_hresult_code")
        item |= {"state": state, "reason": update.get("failure_msg") or None, **code_fields(code if isinstance(code, int) else None)}
        item["restart_required"] = update.get("reboot_required", item["restart_required"])
        if is_tried:
            item |= {"at": task["at"], "tries": item["tries"] + 1}

    def _take_hotfix(self, hotfix: Mapping[str, t.Any], task: Piece) -> None:
        said = hotfix.get("state")
        item = self._item(HOTFIXES, str(hotfix["path"]))
        item["title"] = hotfix.get("rule") or item["title"]
        if said is None or (said in {"dealt_with", "not_tried"} and item["state"] not in {None, State.OFFERED}):
            item["state"] = item["state"] or State.OFFERED
            return
        code = hotfix.get("launch_hresult") or hotfix.get("exit_code")
        state = _HOTFIX_STATES.get(str(said), State.UNKNOWN)
        is_bad = state in BAD
        item |= {"state": state, "reason": hotfix.get("failure_msg") or None, **code_fields(code if is_bad else None)}
        item["exit_code"] = hotfix.get("exit_code")
        item["restart_required"] = str(said).endswith("reboot_required")
        if said not in {"dealt_with", "not_tried"}:
            item |= {"at": task["at"], "tries": item["tries"] + 1}

    def _skip(self, plugin: str, identity: str, update: Mapping[str, t.Any], reason: str) -> None:
        item = self._item(plugin, identity)
        kb = update.get("kb")
        item["title"] = update.get("title") or item["title"]
        item["kb"] = [str(each) for each in kb] if isinstance(kb, list | tuple) else item["kb"]
        if item["state"] in {None, State.OFFERED, State.STAGED}:
            item |= {"state": State.SKIPPED, "reason": reason}

    def take_journal(self, entry: Mapping[str, t.Any], first: Mapping[str, t.Any], at: str) -> None:
        """Enter what the last entry of the node in the journal knows beyond the results: a task that was killed gave none.

        Args:
            entry: the fields of a NodeEntry.
            first: the first one that the run wrote; what stands in it already was done by a run that this one took over.
            at: when it was written.
        """
        earlier = {str(each) for name in ("installed", "hotfixes") for each in first.get(name) or ()}
        for update in entry.get("installed") or ():
            how = "by a run that this one took over" if str(update) in earlier else "by the journal"
            self._remember(WINDOWS_UPDATES, str(update), State.INSTALLED, how, at)
        for update in entry.get("batch") or ():
            self._remember(WINDOWS_UPDATES, str(update), State.UNKNOWN, "its outcome was open when the run ended", at)
        for path in entry.get("hotfixes") or ():
            how = "by a run that this one took over" if str(path) in earlier else "by the journal"
            self._remember(HOTFIXES, str(path), State.INSTALLED, f"{how}: applied, or nothing to do", at)
        for path in entry.get("failed_hotfixes") or ():
            self._remember(HOTFIXES, str(path), State.FAILED, "by the journal", at)
        for path in entry.get("unknown_hotfixes") or ():
            self._remember(HOTFIXES, str(path), State.UNKNOWN, "nobody knows its outcome", at)
        if entry.get("installer"):
            why = "its installer had not ended when the run ended"
            self._remember(HOTFIXES, str(entry["installer"]), State.UNKNOWN, why, at, is_open=True)

    def _remember(self, plugin: str, identity: str, state: State, reason: str, at: str, *, is_open: bool = False) -> None:
        item = self._item(plugin, identity)
        is_decided = item["state"] not in {None, State.OFFERED, State.STAGED, State.DEFERRED}
        if is_decided and not is_open:
            return
        item |= {"state": state, "reason": reason, "at": at, "tries": max(1, item["tries"])}

    def _item(self, plugin: str, identity: str) -> Item:
        key = plugin.casefold(), identity.casefold()
        if key not in self._items:
            self._items[key] = {
                "plugin": plugin,
                "id": identity,
                "title": None,
                "kb": [],
                "state": None,
                "reason": None,
                "code": None,
                "symbol": None,
                "meaning": None,
                "exit_code": None,
                "restart_required": None,
                "tries": 0,
                "at": None,
            }
        return self._items[key]


def _update_state(update: Mapping[str, t.Any]) -> State:
    said = update.get("state")
    if said in set(State):
        return State(said)
    if update.get("installed"):
        return State.INSTALLED
    if update.get("failure_msg"):
        return State.FAILED
    return State.STAGED if update.get("downloaded") else State.OFFERED


def _listed(value: object, key: str = "id") -> Iterable[Mapping[str, t.Any]]:
    """Return the updates of a result: by their ids, or as a list; whatever is neither is passed over."""
    if isinstance(value, Mapping):
        return [{key: name, **each} for name, each in value.items() if isinstance(each, Mapping)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [each for each in value if isinstance(each, Mapping) and each.get(key)]
    return []
