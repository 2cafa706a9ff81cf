# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which plug-ins a run uses, and what their arguments mean for the options of its tasks (cau.md 5.3, 5.9).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import PluginError
from ..waiting import names
from .arguments import folded_quotes, given_arguments

WINDOWS_UPDATE = "Microsoft.WindowsUpdatePlugin"
HOTFIX = "Microsoft.HotfixPlugin"

ROOT_FOLDER = "hotfix_root_folder_path"

_ROLE_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){2}")


class PluginKind(enum.StrEnum):
    """What a plug-in is."""

    WINDOWS_UPDATES = "windows_updates"
    HOTFIXES = "hotfixes"
    OWN = "own"


@dataclass(frozen=True)
class Plugin:
    """One plug-in of a run.

    Args:
        name: as CAU, or the role, spells it.
        kind: what it is.
        arguments: those of an own plug-in; those of the built-in ones are options of the run.
    """

    name: str
    kind: PluginKind
    arguments: dict[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PluginPlan:
    """What a run does with plug-ins.

    Args:
        plugins: those that it uses, in the order in which they install.
        options: the options of its tasks that the arguments of the built-in ones stand for, by name.
    """

    plugins: tuple[Plugin, ...]
    options: dict[str, t.Any]

    @property
    def kinds(self) -> frozenset[PluginKind]:
        """What the plug-ins are."""
        return frozenset(plugin.kind for plugin in self.plugins)

    @property
    def before_updates(self) -> tuple[Plugin, ...]:
        """The plug-ins that install before the Windows updates; none without Windows updates."""
        if PluginKind.WINDOWS_UPDATES not in self.kinds:
            return ()
        return self.plugins[: [plugin.kind for plugin in self.plugins].index(PluginKind.WINDOWS_UPDATES)]

    @property
    def after_updates(self) -> tuple[Plugin, ...]:
        """The plug-ins that install after the Windows updates; all of them without Windows updates."""
        return tuple(
            plugin for plugin in self.plugins if plugin not in self.before_updates and plugin.kind is not PluginKind.WINDOWS_UPDATES
        )

    @property
    def own(self) -> tuple[Plugin, ...]:
        """The plug-ins that are roles."""
        return tuple(plugin for plugin in self.plugins if plugin.kind is PluginKind.OWN)


def _boolean(value: object) -> bool:
    text = str(value).strip().casefold()
    if text not in {"true", "false"}:
        raise ValueError("True or False")
    return text == "true"


def _minutes(value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch("[0-9]+", text, re.ASCII) or int(text) < 1:
        raise ValueError("a number of minutes, 1 or more")
    return int(text)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value


def _query(value: object) -> str:
    return folded_quotes(_text(value))


Reader: t.TypeAlias = "Callable[[object], t.Any]"

BUILT_IN: Mapping[str, tuple[PluginKind, Mapping[str, tuple[str, Reader]]]] = {
    WINDOWS_UPDATE: (
        PluginKind.WINDOWS_UPDATES,
        {"QueryString": ("query_string", _query), "IncludeRecommendedUpdates": ("include_recommended_updates", _boolean)},
    ),
    HOTFIX: (
        PluginKind.HOTFIXES,
        {
            "HotfixRootFolderPath": (ROOT_FOLDER, _text),
            "HotfixConfigFileName": ("hotfix_config_file_name", _text),
            "HotfixInstallerTimeoutMinutes": ("hotfix_installer_timeout_minutes", _minutes),
            "DisableAclChecks": ("disable_acl_checks", _boolean),
            "RequireSMBEncryption": ("require_smb_encryption", _boolean),
        },
    ),
}
"""The plug-ins that CAU brings, by name: what they are, and the option and the reading of each argument (cau.md 5.9)."""

OPTIONS = ("windows_updates", *(option for _kind, known in BUILT_IN.values() for option, _read in known.values()))
"""The options of a run that plug-ins and their arguments may stand for."""


def resolve(
    wanted: Sequence[object], options: Mapping[str, t.Any], defaults: Mapping[str, t.Any], find_role: Callable[[str], str | None]
) -> PluginPlan:
    """Return what a run does with plug-ins.

    Args:
        wanted: the list of plug-ins, each a name or a table of `name` and `arguments`; empty when only options say what is meant.
        options: the run's own options of OPTIONS, as far as they are known.
        defaults: what the options are when nobody has said anything.
        find_role: returns why a role cannot be a plug-in, None when it can.

    Raises:
        PluginError: a plug-in is unknown or named twice, an argument is unknown or wrong, or the list and the options contradict each
            other.
    """
    values = {**defaults, **options}
    if not wanted:
        chosen = [Plugin(WINDOWS_UPDATE, PluginKind.WINDOWS_UPDATES)] if values["windows_updates"] else []
        chosen += [Plugin(HOTFIX, PluginKind.HOTFIXES)] if values.get(ROOT_FOLDER) else []
        return PluginPlan(tuple(chosen), values)
    plugins = []
    for entry in wanted:
        name, arguments = _entry(entry)
        built_in = next((known for known in BUILT_IN if known.casefold() == name.casefold()), None)
        if built_in is None:
            plugins.append(_own(name, arguments, find_role))
        else:
            plugins.append(Plugin(built_in, BUILT_IN[built_in][0]))
            for option, value in _read(built_in, arguments).items():
                _refuse_contradiction(built_in, option, value, values, defaults)
                values[option] = value
    _check_together(plugins, values, options)
    values["windows_updates"] = any(plugin.kind is PluginKind.WINDOWS_UPDATES for plugin in plugins)
    return PluginPlan(tuple(plugins), values)


def own_names(wanted: Sequence[object]) -> list[str]:
    """Return the plug-ins of a list that are not CAU's, as far as they can be read.

    Args:
        wanted: the list; see resolve.
    """
    found = [entry.get("name") if isinstance(entry, Mapping) else entry for entry in wanted]
    known = {name.casefold() for name in BUILT_IN}
    return [name for name in found if isinstance(name, str) and name.strip().casefold() not in known]


def _entry(entry: object) -> tuple[str, dict[str, object]]:
    if isinstance(entry, str):
        return entry.strip(), {}
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise PluginError("an entry of the list of plug-ins has no name", remedy="Give each one a name, and arguments where it takes some")
    strange = sorted(str(key) for key in entry if key not in {"name", "arguments"})
    if strange:
        raise PluginError(f"the entry of the plug-in {entry['name']} has {names(strange)}; it may have name and arguments")
    name = entry["name"].strip()
    return name, given_arguments(name, entry.get("arguments"))


def _own(name: str, arguments: dict[str, t.Any], find_role: Callable[[str], str | None]) -> Plugin:
    own = "a plug-in of your own by the full name of its role, such as contoso.hardware.firmware"
    if not _ROLE_NAME.fullmatch(name):
        raise PluginError(f"there is no plug-in {name}", remedy=f"Known are {' and '.join(BUILT_IN)}, and {own}")
    problem = find_role(name)
    if problem is not None:
        raise PluginError(f"there is no plug-in {name}: {problem}", remedy=f"Known are {' and '.join(BUILT_IN)}, and {own}")
    return Plugin(name, PluginKind.OWN, arguments)


def _read(plugin: str, arguments: Mapping[str, object]) -> dict[str, t.Any]:
    """Return the options that the arguments of a built-in plug-in stand for; names compare without case (cau.md 5.9)."""
    known = {name.casefold(): (name, *meaning) for name, meaning in BUILT_IN[plugin][1].items()}
    found: dict[str, t.Any] = {}
    for given, value in arguments.items():
        if given.casefold() not in known:
            raise PluginError(f"{plugin} has no argument {given}", remedy=f"It has {names(BUILT_IN[plugin][1])}")
        name, option, read = known[given.casefold()]
        try:
            found[option] = read(value)
        except ValueError as error:
            raise PluginError(f"the argument {name} of {plugin} must be {error}, not {value!r}") from None
    return found


def _refuse_contradiction(plugin: str, option: str, value: object, values: Mapping[str, t.Any], defaults: Mapping[str, t.Any]) -> None:
    if values.get(option) not in {value, defaults.get(option)}:
        raise PluginError(
            f"the arguments of {plugin} say {value!r} for {option}, and the option itself says {values[option]!r}",
            remedy="Say it in one place",
        )


def _check_together(plugins: Sequence[Plugin], values: Mapping[str, t.Any], options: Mapping[str, t.Any]) -> None:
    listed = [plugin.name for plugin in plugins]
    twice = [name for name in listed if listed.count(name) > 1]
    if twice:
        raise PluginError(f"the list of plug-ins names {twice[0]} twice", remedy="Name each plug-in once")
    if WINDOWS_UPDATE in listed and options.get("windows_updates") is False:
        raise PluginError(f"the list of plug-ins names {WINDOWS_UPDATE}, and windows_updates is false", remedy="Say it in one place")
    if HOTFIX in listed and not values.get(ROOT_FOLDER):
        raise PluginError(f"{HOTFIX} has no HotfixRootFolderPath", remedy="Give it the UNC path of the hotfix root folder")
    if HOTFIX not in listed and values.get(ROOT_FOLDER):
        raise PluginError(
            f"{ROOT_FOLDER} is given, and the list of plug-ins does not name {HOTFIX}", remedy="Add it to the list, or leave the folder out"
        )
