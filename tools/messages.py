# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists every error message of the collection with its remedy in docs/troubleshooting.md: `python -m tools.messages`.

They are read out of the source, where an error is made or where a table of errors stands, so that the page says what the code says. What
differs from case to case is an ellipsis.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tools.environment import CHECKOUT

PAGE = CHECKOUT / "docs" / "troubleshooting.md"
BEGIN = "<!-- From here on python -m tools.messages writes this page. -->\n"

PLUGINS = CHECKOUT / "plugins"
GAP = "…"

# What str.format fills in.
_FIELD = re.compile(r"\{\w+\}")

# Headings, and the files below plugins/ whose errors stand there; the first that fits counts.
CHAPTERS: dict[str, tuple[str, ...]] = {
    "The connection of the host": ("plugin_utils/_connection", "plugin_utils/_winrm", "plugin_utils/_psrp", "plugin_utils/_first_contact"),
    "Reaching a node and signing in": ("module_utils/_wsman/",),
    "The hotfix share": ("module_utils/_smb/",),
    "Hotfixes": ("module_utils/_cau/hotfix/", "plugin_utils/_hotfix"),
    "The run lock, and other coordinators": (
        "module_utils/_cau/run_lock",
        "module_utils/_cau/lock_view",
        "module_utils/_cau/takeover",
        "module_utils/_cau/keeper",
        "module_utils/_cau/turn",
        "module_utils/_cau/permission",
        "module_utils/_wmi/held_instance",
        "action/run_",
    ),
    "Drain, resume and the gate": (
        "module_utils/_cau/drain",
        "module_utils/_cau/gate",
        "module_utils/_cau/ownership",
        "module_utils/_cau/resume",
    ),
    "Updates": (
        "module_utils/_cau/install",
        "module_utils/_cau/updates",
        "module_utils/_cau/query",
        "module_utils/_cau/selection",
        "module_utils/_cau/evidence",
        "module_utils/_wmi/cluster_update",
    ),
    "Restarts": ("module_utils/_cau/restart",),
    "Reports": ("action/report", "module_utils/_cau/report", "plugin_utils/_report", "callback/"),
    "Everything else": ("",),
}


@dataclass(frozen=True, order=True)
class Message:
    """An error message and what its reader is to do.

    Args:
        text: the message, with gaps.
        remedy: what to do.
    """

    text: str
    remedy: str


class Scope:
    """The names of a function, or of a file outside of its functions.

    Args:
        body: its statements, without those of the functions in it.
        outer: of the file, None for that itself.
    """

    def __init__(self, body: list[ast.AST], outer: Scope | None) -> None:
        self.body = body
        self._outer = outer
        self._alone: dict[str, list[ast.expr]] = {}
        self._together: dict[str, list[ast.expr]] = {}
        for node in body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._alone.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for each, part in zip(target.elts, value.elts, strict=False):
                if isinstance(each, ast.Name):
                    self._together.setdefault(each.id, []).append(part)

    def messages(self) -> Iterator[Message]:
        """Yield the messages that have a remedy."""
        for node in self.body:
            if isinstance(node, ast.Call):
                yield from self._of_call(node)
                yield from self._of_row(node.args)
            elif isinstance(node, ast.Tuple):
                yield from self._of_row(node.elts)

    def _of_call(self, call: ast.Call) -> Iterator[Message]:
        """Yield what an error is made with: its first argument that is a sentence, and its remedy."""
        given = next((keyword.value for keyword in call.keywords if keyword.arg == "remedy"), None)
        if given is None:
            return
        for argument in call.args:
            # A message and a remedy that are set together are a row, and found as such.
            is_pair = isinstance(argument, ast.Name) and isinstance(given, ast.Name)
            texts = [text for text in self._texts(argument, is_pair=is_pair) if _is_message(text)]
            if texts:
                remedies = [text for text in self._texts(given, is_pair=is_pair) if _is_remedy(text)]
                yield from (Message(text, remedy) for text in texts for remedy in remedies)
                return

    def _of_row(self, parts: list[ast.expr]) -> Iterator[Message]:
        """Yield what stands in a table as a message with its remedy behind it."""
        for first, second in itertools.pairwise(parts):
            if not isinstance(first, ast.Name) and not isinstance(second, ast.Name):
                for text in filter(_is_message, self._texts(first)):
                    yield from (Message(text, remedy) for remedy in self._texts(second) if _is_remedy(remedy))

    def _texts(self, value: ast.expr, *, is_pair: bool = False, seen: frozenset[str] = frozenset()) -> list[str]:
        """Return what an expression may be, with gaps for what is known at run time only."""
        found: list[str] = []
        if isinstance(value, ast.Constant):
            found = [_FIELD.sub(GAP, value.value)] if isinstance(value.value, str) else []
        elif isinstance(value, ast.JoinedStr):
            found = ["".join(map(self._part, value.values))]
        elif isinstance(value, ast.IfExp | ast.BoolOp):
            parts = value.values if isinstance(value, ast.BoolOp) else [value.body, value.orelse]
            found = [text for part in parts for text in self._texts(part, seen=seen)]
        elif isinstance(value, ast.Name) and value.id not in seen:
            known = self._known(value.id, is_pair=is_pair)
            found = [text for each in known for text in self._texts(each, seen=seen | {value.id})]
        return found

    def _known(self, name: str, *, is_pair: bool) -> list[ast.expr]:
        own = [*self._alone.get(name, ()), *(() if is_pair else self._together.get(name, ()))]
        return own or (self._outer._known(name, is_pair=is_pair) if self._outer else [])  # noqa: SLF001

    def _part(self, part: ast.expr) -> str:
        """Return a part of a text: a constant of the file as it is, everything else as a gap."""
        if isinstance(part, ast.Constant):
            return str(part.value)
        value = part.value if isinstance(part, ast.FormattedValue) else part
        texts = self._texts(value) if isinstance(value, ast.Name) and value.id.isupper() else []
        return texts[0] if len(texts) == 1 else GAP


def scopes(tree: ast.Module) -> list[Scope]:
    """Return the scopes of a file, that of the file first.

    Args:
        tree: the file.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    outer = Scope(_without_functions(tree), None)
    return [outer, *(Scope(_without_functions(function), outer) for function in functions)]


def _without_functions(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef):
            found += [child, *_without_functions(child)]
    return found


def _is_message(text: str) -> bool:
    """Return whether a text is one: messages begin with a small letter or a gap, and are sentences."""
    return text.count(" ") >= 2 and not text[0].isupper() and ".md " not in text


def _is_remedy(text: str) -> bool:
    return text.count(" ") >= 1 and text[0].isupper() and text[1:2].islower()


def collect() -> dict[str, list[Message]]:
    """Return the messages of all chapters."""
    found: dict[str, set[Message]] = {chapter: set() for chapter in CHAPTERS}
    for path in sorted(PLUGINS.rglob("*.py")):
        name = path.relative_to(PLUGINS).as_posix()
        chapter = next(chapter for chapter, beginnings in CHAPTERS.items() if name.startswith(beginnings))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[chapter].update(message for scope in scopes(tree) for message in scope.messages())
    return {chapter: sorted(messages, key=_place) for chapter, messages in found.items()}


def _place(message: Message) -> tuple[str, Message]:
    return message.text.lstrip(f"{GAP}; ").casefold(), message


def tables() -> str:
    """Return the part of the page that is written by us."""
    lines = []
    for chapter, messages in collect().items():
        lines += [f"## {chapter}", "", "| message | what to do |", "| --- | --- |"]
        for text, group in itertools.groupby(messages, key=lambda message: message.text):
            remedies = [f"{_shown(message.remedy)}." for message in group]
            lines.append(f"| {_shown(text)} | {' Or: '.join(remedies)} |")
        lines.append("")
    return "\n".join(lines)


def _shown(text: str) -> str:
    """Return a text as a cell of a table in Markdown."""
    for sign in "\\`*|<>[]":
        text = text.replace(sign, "\\" + sign)
    return re.sub(f"{GAP}+", GAP, text.rstrip("."))


def written() -> str:
    """Return the page as it has to be.

    Raises:
        ValueError: the page has lost the mark of where our part begins.
    """
    head, mark, _rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    if not mark:
        raise ValueError(f"{PAGE} lacks the line {BEGIN.strip()}")
    return f"{head}{mark}\n{tables()}"


def main() -> int:
    """Write the page."""
    PAGE.write_text(written(), encoding="utf-8")
    print(f"{PAGE.relative_to(CHECKOUT)}: {sum(map(len, collect().values()))} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
