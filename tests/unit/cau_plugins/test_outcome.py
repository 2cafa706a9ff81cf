# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several plug-ins did, added up."""

from __future__ import annotations

import typing as t

from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.plugins.outcome import PluginResult, added_up, failure
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome

DONE: dict[str, t.Any] = {"changed": True, "installed_update_count": 2, "reboot_required": True, "updates": {"a": {}}}
SKIPPED = {"changed": False, "skipped": True}
LOST = {"failed": True, "error": "RunLockLostError", "outcome": "failed", "reason": "the lock is gone.", "remedy": "Look"}
STRANGE = {"failed": True, "msg": "no"}


def test_one_restart_serves_all() -> None:
    total = added_up([PluginResult("a", DONE), PluginResult("b", SKIPPED), PluginResult("c", {"applied_hotfix_count": 1})])
    assert total["reboot_required"] is True
    assert (total["installed_update_count"], total["applied_hotfix_count"]) == (2, 1)
    assert total["updates"] == {"a": {}}


def test_nothing_done_asks_for_nothing() -> None:
    total = added_up([PluginResult("a", {}), PluginResult("b", SKIPPED)])
    assert not any(total[name] for name in ("reboot_required", "resume_first", "another_round", "changed"))


def test_failures_are_named_in_one_sentence_with_the_worst_outcome() -> None:
    error = failure([PluginResult("a", DONE), PluginResult("b", LOST), PluginResult("c", STRANGE)], "node1")
    assert error is not None
    assert error.sentence() == "node1: b: the lock is gone; c: no. Look."
    assert error.outcome is Outcome.UNKNOWN
    assert error.errors == ("RunLockLostError", "")


def test_success_is_no_failure() -> None:
    assert failure([PluginResult("a", DONE), PluginResult("b", SKIPPED)], "node1") is None
