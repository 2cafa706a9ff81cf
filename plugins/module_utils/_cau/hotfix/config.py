# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file of a hotfix root folder: which installer for which file, and what its exit codes mean (cau.md 6.2).

Microsoft's schema is not public. So everything that the documentation leaves open is read in each form that can be meant: any root
element, any namespace, FolderRules inside or beside DefaultRules, an exit code as attribute, child element or text.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .config_xml import XmlNode, parse_xml
from .errors import HotfixConfigError
from .exit_codes import read_conditions
from .rules import UPDATE_TOKEN, Rule
from .tree import file_key

CONFIG_LIMIT = 1024 * 1024
"""Bytes of a configuration file; a thousand rules fit."""

_RULES = {"extension": "extensionrules", "folder": "folderrules"}
_SECTIONS = frozenset({"defaultrules", *_RULES.values()})
_RULE_PARTS = frozenset({"template", "exitconditions"})

_TOKEN = re.compile(re.escape(UPDATE_TOKEN), re.IGNORECASE)
_QUOTED_TOKEN = f'"{UPDATE_TOKEN}"'
# A drive, an environment variable (which the provider expands, cau.md 1.2) or a UNC path.
_COMPLETE_PATH = re.compile(r"[A-Za-z]:\\.+|%[^%]+%(\\.+)?|\\\\[^\\]+\\[^\\]+\\.+")
_IMPOSSIBLE_IN_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class HotfixConfig:
    """The rules of a hotfix root folder.

    Args:
        extension_rules: by lower-case extension without a dot.
        folder_rules: by lower-case name of the rule folder.
        warnings: what was ignored or looks wrong, one sentence each without a full stop.
    """

    extension_rules: Mapping[str, Rule]
    folder_rules: Mapping[str, Rule]
    warnings: tuple[str, ...] = ()

    def rule_for_extension(self, extension: str) -> Rule | None:
        """Return the rule of files with this extension, None when there is none."""
        return self.extension_rules.get(file_key(extension).removeprefix("."))

    def rule_for_folder(self, name: str) -> Rule | None:
        """Return the rule of a rule folder, None when no rule names it."""
        return self.folder_rules.get(file_key(name))


def load_config(data: bytes, file_name: str) -> HotfixConfig:
    """Return the rules of a configuration file.

    Args:
        data: the file.
        file_name: for messages.

    Raises:
        HotfixConfigError: it is no XML, too long, or says what cannot be meant.
    """
    if len(data) > CONFIG_LIMIT:
        raise HotfixConfigError(file_name, None, f"it is longer than {CONFIG_LIMIT} bytes")
    return _Reader(file_name).read(parse_xml(data, file_name))


class _Reader:
    """Collects the rules of one file."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._rules: dict[str, dict[str, Rule]] = {kind: {} for kind in _RULES}
        self._warnings: list[str] = []

    def read(self, root: XmlNode) -> HotfixConfig:
        if root.key in _RULES:
            raise self._wrong(root, f"<{root.name}> is a rule without the elements that hold rules")
        self._section(root)
        if not any(self._rules.values()):
            raise self._wrong(root, "it holds no rule: there is neither an Extension in ExtensionRules nor a Folder in FolderRules")
        return HotfixConfig(self._rules["extension"], self._rules["folder"], tuple(self._warnings))

    def _wrong(self, node: XmlNode, reason: str) -> HotfixConfigError:
        return HotfixConfigError(self._file_name, node.line, reason)

    def _warn(self, node: XmlNode, text: str) -> None:
        self._warnings.append(f"{self._file_name}, line {node.line}: {text}")

    def _section(self, section: XmlNode) -> None:
        for child in section.children:
            if child.key in _RULES:
                if section.key in _RULES.values() and section.key != _RULES[child.key]:
                    raise self._wrong(child, f"<{child.name}> cannot stand in {section.name}")
                self._rule(child)
            elif section.key in _RULES.values():
                kind = next(kind for kind, holder in _RULES.items() if holder == section.key)
                raise self._wrong(child, f"<{child.name}> in {section.name} is no rule; each is <{kind.capitalize()}>")
            else:
                if child.key not in _SECTIONS:
                    self._warn(child, f"<{child.name}> is not a documented element; only rules in it are read")
                self._section(child)

    def _rule(self, node: XmlNode) -> None:
        name = self._name(node)
        label = f"the rule {name}"
        rules = self._rules[node.key]
        if file_key(name) in rules:
            raise self._wrong(node, f"two {node.key} rules are named {name} (upper and lower case count as the same)")
        program, parameters = self._template(self._part(node, "template", "Template", label), label)
        exits = read_conditions(self._part(node, "exitconditions", "ExitConditions", label), label, self._file_name)
        for child in node.children:
            if child.key not in _RULE_PARTS:
                self._warn(child, f"<{child.name}> in {label} is not a documented element and is ignored")
        for attribute in node.attributes.keys() - {"name", "alwaysreboot"}:
            self._warn(node, f"the attribute {attribute} of {label} is not documented and is ignored")
        rules[file_key(name)] = Rule(name, node.key == "folder", program, parameters, exits, self._always_reboot(node, label))

    def _name(self, node: XmlNode) -> str:
        name = node.attributes.get("name", "")
        is_extension = node.key == "extension"
        if is_extension:
            name = name.removeprefix(".")
        if not name:
            raise self._wrong(node, f"<{node.name}> has no name")
        if is_extension and "." in name:
            raise self._wrong(node, f"{name} is no extension: it is what follows the last dot of a file's name")
        if _IMPOSSIBLE_IN_NAME.search(name) or name.endswith("."):
            raise self._wrong(node, f"{name!r} cannot be the name of a {'file extension' if is_extension else 'folder'} on Windows")
        return name

    def _part(self, rule: XmlNode, key: str, shown: str, label: str) -> XmlNode:
        found = [child for child in rule.children if child.key == key]
        if not found:
            missing = "; at least one exit code has to stand under Success" if key == "exitconditions" else ""
            raise self._wrong(rule, f"{label} has no {shown}{missing}")
        if len(found) > 1:
            raise self._wrong(found[1], f"{label} has two elements {shown}")
        return found[0]

    def _always_reboot(self, node: XmlNode, label: str) -> bool:
        text = node.attributes.get("alwaysreboot")
        if text is None:
            return False
        value = _BOOLEANS.get(text.casefold())
        if value is None:
            raise self._wrong(node, f"alwaysReboot of {label} is {text!r}, and can only be true or false")
        if node.key == "extension":
            self._warn(node, f"alwaysReboot is documented for folder rules only; {label} follows it too")
        return value

    def _template(self, template: XmlNode, label: str) -> tuple[str, str]:
        values: dict[str, str] = {}
        for key, node, text in [(key, template, text) for key, text in template.attributes.items()] + [
            (child.key, child, child.text.strip()) for child in template.children
        ]:
            if key not in {"path", "parameters"}:
                self._warn(node, f"{key} in the Template of {label} is not documented and is ignored")
            elif key in values:
                raise self._wrong(node, f"the Template of {label} gives {key} twice")
            else:
                values[key] = text
        program = self._program(template, values.get("path", ""), label)
        return program, self._parameters(template, values.get("parameters", ""), program, label)

    def _program(self, template: XmlNode, text: str, label: str) -> str:
        program = text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text
        if not program:
            raise self._wrong(template, f"the Template of {label} has no path")
        self._check_spelling(template, program, label)
        if program == UPDATE_TOKEN:
            return program
        if UPDATE_TOKEN in program:
            raise self._wrong(template, f"the path of {label} is either {UPDATE_TOKEN} alone or the path of a program, not {program}")
        if '"' in program:
            raise self._wrong(template, f"the path of {label} holds a quotation mark; its parameters belong into the attribute parameters")
        if not _COMPLETE_PATH.fullmatch(program):
            # RunUpdateInstaller takes complete paths only (cau.md 1.2).
            reason = f"the path of {label} is {program!r}, which is not complete: begin it with a drive, a variable such as %systemroot%"
            raise self._wrong(template, f"{reason}, or \\\\server\\share, and write backslashes")
        return program

    def _parameters(self, template: XmlNode, text: str, program: str, label: str) -> str:
        self._check_spelling(template, text, label)
        # The provider puts quotation marks around the path itself; that it does not look for ones of the template is an inference
        # (cau.md 6.2), and a path in doubled ones would fall apart at its first blank.
        parameters = text.replace(_QUOTED_TOKEN, UPDATE_TOKEN)
        before, token, _after = parameters.partition(UPDATE_TOKEN)
        if before.count('"') % 2 and token:
            self._warn(template, f"{UPDATE_TOKEN} of {label} stands in quotation marks with other text, and gets its own from the node")
        if program != UPDATE_TOKEN and not token:
            self._warn(template, f"the Template of {label} has no {UPDATE_TOKEN}, so its program never learns which file to install")
        return parameters

    def _check_spelling(self, template: XmlNode, text: str, label: str) -> None:
        for found in _TOKEN.findall(text):
            if found != UPDATE_TOKEN:
                raise self._wrong(template, f"{label} writes {found}; the node replaces {UPDATE_TOKEN} in lower case only")
