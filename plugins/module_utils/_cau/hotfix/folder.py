# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file of a hotfix root folder is applied to which node, by which rule and in which order (cau.md 6.1).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .config import HotfixConfig
from .errors import HotfixFolderError
from .rules import Rule
from .tree import Tree, TreeEntry, file_key

ALL_NODES = "CAUHotfix_All"
"""The folder with the hotfixes of every node."""

PATH_LIMIT = 259
"""UTF-16 units of a complete path: MAX_PATH of Windows without its end, which most installers still live with."""

_NETBIOS_LENGTH = 15
_IMPOSSIBLE_IN_NAME = re.compile(r'["<>|?*:/\\\x00-\x1f]|[. ]$')
_VARIABLE = re.compile(r"%[^%\\]+%")
# What Windows and other desktops leave behind in folders that people look at; inside a rule folder it would be run.
_LEFT_BEHIND = re.compile(r"thumbs\.db|desktop\.ini|\.ds_store|~\$.*|\._.*", re.DOTALL)


@dataclass(frozen=True)
class Hotfix:
    """One file to apply.

    Args:
        path: below the hotfix root folder, with backslashes.
        name: of the file, as the server spells it.
        rule: the rule that chooses its installer.
        folder: where it was taken from: CAUHotfix_All or the node's folder, as the server spells it.
        update_path: complete UNC path, as the node opens it.
        size: bytes.
    """

    path: str
    name: str
    rule: Rule
    folder: str
    update_path: str
    size: int


@dataclass(frozen=True)
class Ignored:
    """A file or folder that is not applied.

    Args:
        path: below the hotfix root folder; of a folder, everything in it is meant.
        reason: why not, as the end of a sentence.
    """

    path: str
    reason: str

    def sentence(self) -> str:
        """Return it in words."""
        return f"{self.path} is ignored: {self.reason}"


@dataclass(frozen=True)
class NodePlan:
    """What is applied to one node.

    Args:
        node: its name, as it was asked for.
        hotfixes: in the order in which they are applied.
        ignored: what is left out in the root folder, in CAUHotfix_All and in the node's own folder.
    """

    node: str
    hotfixes: tuple[Hotfix, ...]
    ignored: tuple[Ignored, ...]


@dataclass(frozen=True)
class Layout:
    """What a hotfix root folder means for a cluster.

    Args:
        plans: by the name of the node.
        warnings: what looks wrong, one sentence each without a full stop.
        problems: what keeps a hotfix from being installed, one sentence each without a full stop.
    """

    plans: Mapping[str, NodePlan]
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def hotfixes(self) -> tuple[Hotfix, ...]:
        """Every hotfix of any node, once."""
        return tuple({hotfix.path: hotfix for plan in self.plans.values() for hotfix in plan.hotfixes}.values())


@dataclass(frozen=True)
class _Content:
    """What was found in one folder of hotfixes."""

    hotfixes: tuple[Hotfix, ...] = ()
    ignored: tuple[Ignored, ...] = ()


def netbios_name(node: str) -> str:
    """Return the name that a node's folder must have: the host name in upper case, cut to what NetBIOS has room for."""
    return node.partition(".")[0][:_NETBIOS_LENGTH].upper()


def distinct(entries: Iterable[TreeEntry]) -> dict[str, TreeEntry]:
    """Return entries of one folder by the key of their names, in their order.

    Raises:
        HotfixFolderError: Windows would take two of them for one, which a file server other than Windows may hold.
    """
    found: dict[str, TreeEntry] = {}
    for entry in entries:
        other = found.setdefault(file_key(entry.name), entry)
        if other is not entry:
            raise HotfixFolderError(
                f"{other.path} and {entry.path} differ only in upper and lower case, so a node would open either of them",
                remedy="Rename or remove one of them",
            )
    return found


class _LayoutReader:
    """Reads the folders of one root folder."""

    def __init__(self, tree: Tree, config: HotfixConfig, root: str, config_file_name: str) -> None:
        self._tree = tree
        self._config = config
        self._root = root
        self._config_file_name = config_file_name

    def read(self, nodes: Collection[str]) -> Layout:
        names = _keys_of(nodes)
        sources: list[TreeEntry] = []
        ignored: list[Ignored] = []
        for entry in self._tree.children(""):
            key = file_key(entry.name)
            if not entry.is_directory and key == file_key(self._config_file_name):
                continue
            if entry.is_folder and (key in names or key == file_key(ALL_NODES)):
                sources.append(entry)
            else:
                ignored.append(Ignored(entry.path, self._why_not_in_root(entry, nodes)))
        contents = {key: self._content(entry) for key, entry in distinct(sources).items()}
        common = contents.get(file_key(ALL_NODES), _Content())
        plans = {}
        for key, node in names.items():
            own = contents.get(key, _Content())
            plans[node] = NodePlan(node, (*common.hotfixes, *own.hotfixes), (*ignored, *common.ignored, *own.ignored))
        layout = Layout(plans)
        return Layout(plans, _warnings(layout.hotfixes, has_folders=bool(sources)), _problems(layout.hotfixes))

    def _why_not_in_root(self, entry: TreeEntry, nodes: Collection[str]) -> str:
        if entry.is_link:
            return _LINK
        if not entry.is_directory:
            return f"hotfixes belong into {ALL_NODES} or into the folder of a node"
        host = file_key(entry.name.partition(".")[0])
        for node in nodes:
            if host == file_key(node.partition(".")[0]):
                return f"the folder of node {node} has to be named {netbios_name(node)}"
        if self._config.rule_for_folder(entry.name):
            return f"a rule folder belongs into {ALL_NODES} or into the folder of a node"
        return "no node of the cluster has this name"

    def _content(self, folder: TreeEntry) -> _Content:
        used: list[TreeEntry] = []
        hotfixes: list[Hotfix] = []
        ignored: list[Ignored] = []
        rule_folders: list[tuple[TreeEntry, Rule]] = []
        for entry in self._tree.children(folder.path):
            rule = self._rule_for(entry)
            if isinstance(rule, str):
                ignored.append(Ignored(entry.path, rule))
                continue
            used.append(entry)
            if entry.is_directory:
                rule_folders.append((entry, rule))
            else:
                hotfixes.append(self._hotfix(entry, rule, folder))
        distinct(used)
        for rule_folder, rule in rule_folders:
            inner = self._in_rule_folder(rule_folder, rule, folder)
            hotfixes += inner.hotfixes
            ignored += inner.ignored
        return _Content(tuple(hotfixes), tuple(ignored))

    def _in_rule_folder(self, rule_folder: TreeEntry, rule: Rule, folder: TreeEntry) -> _Content:
        used: list[TreeEntry] = []
        ignored: list[Ignored] = []
        for entry in self._tree.children(rule_folder.path):
            reason = _why_no_file(entry) or ("folders inside a rule folder are not looked into" if entry.is_directory else "")
            if reason:
                ignored.append(Ignored(entry.path, reason))
            else:
                used.append(entry)
        return _Content(tuple(self._hotfix(entry, rule, folder) for entry in distinct(used).values()), tuple(ignored))

    def _rule_for(self, entry: TreeEntry) -> Rule | str:
        """Return the rule of a file or folder in a folder of hotfixes, or why it is ignored."""
        reason = _why_no_file(entry)
        if reason:
            return reason
        if entry.is_directory:
            return self._config.rule_for_folder(entry.name) or f"no folder rule in {self._config_file_name} has this name"
        _stem, dot, extension = entry.name.rpartition(".")
        if not dot:
            return "its name has no extension, and it is not in a rule folder"
        missing = f"no extension rule in {self._config_file_name} is for .{extension}, and it is not in a rule folder"
        return self._config.rule_for_extension(extension) or missing

    def _hotfix(self, entry: TreeEntry, rule: Rule, folder: TreeEntry) -> Hotfix:
        return Hotfix(entry.path, entry.name, rule, folder.name, f"{self._root}\\{entry.path}", entry.size)


_LINK = "it is a link, and links are never followed"


def _why_no_file(entry: TreeEntry) -> str:
    if entry.is_link:
        return _LINK
    if not entry.is_directory and _LEFT_BEHIND.fullmatch(file_key(entry.name)):
        return "desktops leave such files behind in folders that they show"
    return ""


def _keys_of(nodes: Collection[str]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for node in nodes:
        other = keys.setdefault(file_key(netbios_name(node)), node)
        if other != node:
            raise HotfixFolderError(
                f"the nodes {other} and {node} have one NetBIOS name, {netbios_name(node)}, so neither can have a folder of its own",
                remedy="Name each node once, as the cluster does",
            )
    return keys


def _problems(hotfixes: Sequence[Hotfix]) -> tuple[str, ...]:
    found = []
    for hotfix in hotfixes:
        path = hotfix.update_path
        length = len(path.encode("utf-16-le", "surrogatepass")) // 2
        if hotfix.size == 0:
            found.append(f"{path} is empty; copy it again, or take it out")
        if any(_IMPOSSIBLE_IN_NAME.search(name) for name in hotfix.path.split("\\")):
            found.append(f"{path} has a name that Windows cannot open; rename it")
        if length > PATH_LIMIT:
            found.append(f"{path} is {length} characters long, and {PATH_LIMIT} are the most; shorten the names")
    return tuple(found)


def _warnings(hotfixes: Sequence[Hotfix], *, has_folders: bool) -> tuple[str, ...]:
    if not hotfixes:
        none, empty = f"there is no {ALL_NODES} and no folder of a node", f"{ALL_NODES} and the folders of the nodes hold no hotfix"
        return (f"{empty if has_folders else none}, so nothing would be applied",)
    # The provider expands variables in the program's path (cau.md 1.2).
    return tuple(
        f"{hotfix.update_path} is run itself, and the node would replace {found[0]} in its path if it has a variable of that name"
        for hotfix in hotfixes
        if hotfix.rule.runs_the_hotfix and (found := _VARIABLE.search(hotfix.update_path))
    )


def read_layout(tree: Tree, config: HotfixConfig, nodes: Collection[str], root: str, config_file_name: str) -> Layout:
    """Return what is applied to each node: CAUHotfix_All before its own folder, plain files before rule folders, each by name.

    The order is not documented; this is the one that cau.md 6.1 proposes, with names compared in lower case, so that a prefix decides.

    Args:
        tree: the root folder.
        config: its rules.
        nodes: every node of the cluster.
        root: UNC path of the root folder, without a backslash at its end.
        config_file_name: of the configuration file.

    Raises:
        HotfixFolderError: two names differ only in case, or two nodes have one NetBIOS name.
        OperationError: a folder could not be listed.
    """
    return _LayoutReader(tree, config, root, config_file_name).read(nodes)
