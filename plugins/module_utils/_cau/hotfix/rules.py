# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a hotfix is installed and what its installer's exit code means (cau.md 6.2).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from ..._wmi import codes

UPDATE_TOKEN = "$update$"  # noqa: S105 - the word of the configuration file, no secret
"""Stands for the path of the hotfix; the provider replaces it and puts the path in quotation marks (cau.md 1.2)."""

_INT32_MIN, _INT32_MAX, _UINT32_MAX = -(2**31), 2**31 - 1, 2**32 - 1

# At most 20 digits, so that a long row of them is refused by its range and not by Python's limit for integers.
_NUMBER = re.compile(r"-?[0-9]{1,20}|0[xX][0-9a-fA-F]{1,20}")


class HotfixState(enum.StrEnum):
    """What became of a hotfix, as far as the exit code of its installer says it."""

    SUCCEEDED = "succeeded"
    SUCCEEDED_REBOOT_REQUIRED = "succeeded_reboot_required"
    FAILED = "failed"
    FAILED_REBOOT_REQUIRED = "failed_reboot_required"
    ALREADY_INSTALLED = "already_installed"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"
    """The exit code was not seen; never the judgement on one."""

    @property
    def is_failure(self) -> bool:
        """Whether the hotfix counts as failed; what is unknown does."""
        return self in {HotfixState.FAILED, HotfixState.FAILED_REBOOT_REQUIRED, HotfixState.UNKNOWN}

    @property
    def reboot_required(self) -> bool:
        """Whether the node has to be restarted because of it."""
        return self in {HotfixState.SUCCEEDED_REBOOT_REQUIRED, HotfixState.FAILED_REBOOT_REQUIRED}


@dataclass(frozen=True)
class ExitConditions:
    """The exit codes of a rule, as signed 32-bit numbers; no code stands in two lists.

    Args:
        success: installed.
        success_reboot_required: installed, complete after a restart.
        fail_reboot_required: failed, and the node has to be restarted.
        already_installed: nothing to do, it is there.
        not_applicable: nothing to do, it is not meant for this node.
    """

    success: frozenset[int]
    success_reboot_required: frozenset[int] = frozenset()
    fail_reboot_required: frozenset[int] = frozenset()
    already_installed: frozenset[int] = frozenset()
    not_applicable: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Rule:
    """How the hotfixes of one extension or one rule folder are installed.

    Args:
        name: the extension without its dot or the folder, as the configuration file spells it.
        is_folder_rule: whether it is a rule for a folder.
        program: complete path of the program without quotation marks, or `$update$` when the hotfix itself is run.
        parameters: its parameters, with `$update$` still in them.
        exits: what its exit codes mean.
        always_reboot: whether success always asks for a restart.
    """

    name: str
    is_folder_rule: bool
    program: str
    parameters: str
    exits: ExitConditions
    always_reboot: bool = False

    @property
    def runs_the_hotfix(self) -> bool:
        """Whether the hotfix is the program itself."""
        return self.program == UPDATE_TOKEN

    def label(self) -> str:
        """Return the rule as a message names it."""
        return f"{'folder' if self.is_folder_rule else 'extension'} rule {self.name}"


@dataclass(frozen=True)
class ExitExplanation:
    """What is known about an exit code.

    Args:
        code: signed, as the rules compare it.
        symbol: name in the SDK header, empty when the code is not known.
        meaning: what it means, in a few words.
        next_step: what the user should do, one sentence without a full stop.
    """

    code: int
    symbol: str
    meaning: str
    next_step: str

    def sentence(self) -> str:
        """Return all of it as one text."""
        return f"{codes.explain(self.code)}. {self.next_step}."


def signed32(number: int) -> int:
    """Return a code as the signed 32-bit number that rules compare; ReturnCode is sint32 (cau.md 6.2).

    Raises:
        ValueError: it fits neither a signed nor an unsigned 32-bit number.
    """
    if not _INT32_MIN <= number <= _UINT32_MAX:
        raise ValueError(f"{number} is no 32-bit number")
    return number - 2**32 if number > _INT32_MAX else number


def parse_code(text: str) -> int:
    """Return an exit code that is written as decimal, negative decimal or hexadecimal number.

    Raises:
        ValueError: it is none, or does not fit into 32 bits.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no exit code; write it decimal, or hexadecimal with 0x")
    try:
        return signed32(int(text, 16 if text[:2] in {"0x", "0X"} else 10))
    except ValueError:
        raise ValueError(f"the exit code {text} does not fit into 32 bits") from None


def judge(rule: Rule, exit_code: int) -> HotfixState:
    """Return what an exit code means under a rule; a code in no list is a failure without restart (cau.md 6.2).

    Args:
        rule: the rule that chose the installer.
        exit_code: signed or unsigned.
    """
    code = signed32(exit_code)
    exits = rule.exits
    if code in exits.success:
        return HotfixState.SUCCEEDED_REBOOT_REQUIRED if rule.always_reboot else HotfixState.SUCCEEDED
    if code in exits.success_reboot_required:
        return HotfixState.SUCCEEDED_REBOOT_REQUIRED
    if code in exits.fail_reboot_required:
        return HotfixState.FAILED_REBOOT_REQUIRED
    if code in exits.already_installed:
        return HotfixState.ALREADY_INSTALLED
    if code in exits.not_applicable:
        return HotfixState.NOT_APPLICABLE
    return HotfixState.FAILED


_BY_CODE = {
    # cau.md 7, no. 2: the launch itself is refused with 0x80070005 by this rule.
    5: (
        "Let the node's computer account read and run the file on the share, and see whether Defender's attack surface reduction rule "
        "d1e49aac-8f56-4280-b9ba-993a6d77406c (process creation from PSExec and WMI) blocks installers on the node"
    ),
    1603: "Read the installer's log on the node, and look for a restart that was already pending",
    1612: "Put the complete package into the folder, the files it loads from beside it included",
    1619: "Copy the package again and let the node's computer account read it",
    1620: "Copy the package again; it is damaged or no package of this kind",
    1638: "Remove the other version first, or list the code in the rule when the other version counts as installed",
    1639: "Correct the parameters of the rule's Template",
}
_BY_HINT = {
    "success": "Nothing needs to be done; list the code under Success in the rule if it still counts as a failure",
    "success_reboot": "List the code under Success_RebootRequired in the rule if it still counts as a failure",
    "already_installed": "List the code under AlreadyInstalled in the rule if it still counts as a failure",
    "not_applicable": "Move the file to the nodes that it is meant for, or list the code under NotApplicable in the rule",
    "retry": "Run again when no other installation is running on the node",
    "reboot_then_retry": "Restart the node, then run again",
    "prerequisite": "Install what the hotfix is built upon first, for instance the servicing stack",
    "cancelled": "Find out who or what ended the installer, and give it parameters that need no user",
    "needs_user": "Give the installer parameters that need no user",
}
_LAUNCH_OTHERWISE = (
    "See that the node's computer account reaches the share, and that the program of the rule's Template is there on the node"
)
_OTHERWISE = "Look the code up in the installer's documentation and its log on the node, and list it in the rule if it is no failure"


def explain_exit(code: int) -> ExitExplanation:
    """Return what an exit code means and what to do next, from the table of known codes.

    Args:
        code: signed or unsigned.
    """
    known = codes.describe(code)
    return _explained(code, _BY_CODE.get(codes.win32_code(code)) or _BY_HINT.get(known.hint if known else "", _OTHERWISE))


def explain_launch(hresult: int) -> ExitExplanation:
    """Return what the result of starting an installer means and what to do next; no rule lists such results.

    Args:
        hresult: signed or unsigned.
    """
    return _explained(hresult, _BY_CODE.get(codes.win32_code(hresult), _LAUNCH_OTHERWISE))


def _explained(code: int, next_step: str) -> ExitExplanation:
    known = codes.describe(code)
    return ExitExplanation(
        code=signed32(code),
        symbol=known.symbol if known else "",
        meaning=known.meaning if known else "meaning not known",
        next_step=next_step,
    )
