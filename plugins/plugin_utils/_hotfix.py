# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hotfix tasks share: the share as the controller reads it, and results.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator, Sequence

from ..module_utils._cau.hotfix.errors import HotfixPermissionError
from ..module_utils._cau.hotfix.findings import Finding
from ..module_utils._cau.hotfix.folder import Hotfix
from ..module_utils._cau.hotfix.root import HotfixRoot, RootOptions, read_root
from ..module_utils._smb.records import ShareAuthentication, ShareCredentials
from ..module_utils._smb.share import Share, open_share
from ..module_utils._smb.unc import parse_unc
from ._task import TaskRun


@contextlib.contextmanager
def checked_root(task: TaskRun, nodes: Sequence[str]) -> Iterator[tuple[Share, HotfixRoot]]:
    """Give the hotfix root folder of a task, read and checked for all nodes, while its share stays open.

    Args:
        task: the task.
        nodes: the nodes of the cluster.

    Raises:
        OperationError: the share cannot be read, or something in the folder is not as it must be.
    """
    arguments = task.arguments
    path = parse_unc(arguments["hotfix_root_folder_path"])
    options = RootOptions(config_file_name=arguments["hotfix_config_file_name"], disable_acl_checks=arguments["disable_acl_checks"])
    share = open_share(
        path,
        _credentials(task),
        host=arguments["share_host"],
        port=arguments["share_port"],
        require_encryption=arguments["require_smb_encryption"],
    )
    with share:
        try:
            root = read_root(share, str(path), options, nodes)
        except HotfixPermissionError as error:
            task.partial["findings"] = [finding_fields(each) for each in error.findings]
            raise
        yield share, root


def _credentials(task: TaskRun) -> ShareCredentials:
    """Return who reads the share; a password belongs to the user that it was given with."""
    endpoint = task.peers.endpoint(task.host)
    arguments = task.arguments
    username, password = arguments["share_username"], arguments["share_password"]
    if username is None:
        username, password = endpoint.username, endpoint.password if password is None else password
    return ShareCredentials(username, password, ShareAuthentication(arguments["share_authentication"]))


def hotfix_fields(hotfix: Hotfix) -> dict[str, t.Any]:
    """Return one hotfix as a dictionary."""
    return {
        "path": hotfix.path,
        "update_path": hotfix.update_path,
        "rule": hotfix.rule.label(),
        "program": hotfix.rule.program,
        "parameters": hotfix.rule.parameters,
    }


def finding_fields(finding: Finding) -> dict[str, t.Any]:
    """Return one finding as a dictionary."""
    return dict(vars(finding))


def root_result(share: Share, root: HotfixRoot, node: str) -> dict[str, t.Any]:
    """Return what was found for a node, with what concerns all nodes."""
    plan = root.plans[node]
    return {
        "hotfixes": [hotfix_fields(hotfix) for hotfix in plan.hotfixes],
        "found_hotfix_count": len(plan.hotfixes),
        "nodes": {name: [hotfix.path for hotfix in other.hotfixes] for name, other in root.plans.items()},
        "ignored": [dict(vars(each)) for each in plan.ignored],
        "findings": [finding_fields(each) for each in root.findings],
        "notes": list(root.warnings),
        "share": {"dialect": share.dialect, "encrypted": share.is_encrypted, "signed": share.is_signed},
    }
