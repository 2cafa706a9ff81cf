# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hotfix root folder, read and checked as a whole before anything is changed on any node (cau.md 6).

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .config import CONFIG_LIMIT, HotfixConfig, load_config
from .errors import HotfixConfigError, HotfixFolderError, HotfixPermissionError
from .findings import Finding
from .folder import NodePlan, distinct, read_layout
from .permissions import check_permissions
from .tree import ShareReader, Tree, file_key

DEFAULT_CONFIG_FILE_NAME = "DefaultHotfixConfig.xml"


@dataclass(frozen=True)
class RootOptions:
    """How a hotfix root folder is read.

    Args:
        config_file_name: of the configuration file, which lies in the root folder itself (HotfixConfigFileName, cau.md 5.9).
        disable_acl_checks: whether the permissions are not looked at (DisableAclChecks, cau.md 5.9).
    """

    config_file_name: str = DEFAULT_CONFIG_FILE_NAME
    disable_acl_checks: bool = False


@dataclass(frozen=True)
class HotfixRoot:
    """A root folder that may be used.

    Args:
        config: its rules.
        plans: what is applied to each node, by the name that was asked for.
        warnings: what looks wrong, one sentence each without a full stop, those of the findings included.
        findings: what is to be said about the permissions; nothing of it stops the run.
    """

    config: HotfixConfig
    plans: Mapping[str, NodePlan]
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_root(share: ShareReader, root_unc_text: str, options: RootOptions, nodes: Collection[str]) -> HotfixRoot:
    """Read and check everything that applying hotfixes will lean on.

    Args:
        share: reads the root folder.
        root_unc_text: its UNC path as the nodes open it.
        options: how.
        nodes: every node of the cluster, those that are not updated included, so that their folders are known.

    Raises:
        HotfixConfigError: the configuration file is missing or wrong.
        HotfixFolderError: the layout is wrong, or a DFS path stands where the permissions have to be read.
        HotfixPermissionError: somebody may write who must not, or Users may not read.
        OperationError: the share could not be read.
    """
    root = root_unc_text.rstrip("\\")
    if share.is_dfs and not options.disable_acl_checks:
        raise HotfixFolderError(
            f"{root} lies in a DFS namespace, where permissions cannot be checked",
            remedy="Set disable_acl_checks to true, or give the path of the file server's own share",
        )
    tree = Tree(share)
    config = _config(share, tree, root, options.config_file_name)
    layout = read_layout(tree, config, nodes, root, options.config_file_name)
    if layout.problems:
        raise HotfixFolderError(f"{root} holds hotfixes that cannot be installed", problems=layout.problems)
    for hotfix in layout.hotfixes:
        share.require_readable(hotfix.path)
    findings = () if options.disable_acl_checks else check_permissions(share, tree, root, layout.hotfixes)
    if any(finding.is_error for finding in findings):
        raise HotfixPermissionError(root, findings)
    warnings = (*config.warnings, *layout.warnings, *(finding.sentence() for finding in findings))
    return HotfixRoot(config, layout.plans, warnings, findings)


def _config(share: ShareReader, tree: Tree, root: str, file_name: str) -> HotfixConfig:
    if not file_name or "\\" in file_name or "/" in file_name:
        raise HotfixFolderError(
            f"the configuration file name {file_name!r} is no plain file name",
            remedy="Give the name alone: the configuration file lies in the hotfix root folder itself",
        )
    key = file_key(file_name)
    entry = distinct(found for found in tree.children("") if not found.is_directory and file_key(found.name) == key).get(key)
    if entry is None:
        default = "" if key == file_key(DEFAULT_CONFIG_FILE_NAME) else f" (the default is {DEFAULT_CONFIG_FILE_NAME})"
        raise HotfixConfigError(
            file_name,
            None,
            f"there is no such file in {root}{default}",
            remedy="Put a configuration file there, for instance the sample that the collection ships, or set its name",
        )
    if entry.is_link:
        raise HotfixConfigError(entry.name, None, "it is a link, and links are never followed", remedy="Put the file itself there")
    if entry.size > CONFIG_LIMIT:
        raise HotfixConfigError(entry.name, None, f"it is longer than {CONFIG_LIMIT} bytes")
    return load_config(share.read(entry.path, CONFIG_LIMIT), entry.name)
