# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation and argument specification of the task; the work is in the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_plan
short_description: Check what a run is told about plug-ins and hooks, and say what follows
version_added: 0.2.0
description:
  - Reads the list of plug-ins of a run with their arguments, as CAU writes them, and returns the options of the other tasks that they stand
    for. The role C(cluster_aware.updating.rolling_update) uses it first, so that a mistake comes out before the run lock is taken.
  - The arguments of the plug-ins that CAU brings may be given in the list or as options beside it. Where both say something, and not the
    same, the task fails. An option that has its default says nothing.
  - No node is asked and nothing is changed.
options:
  plugins:
    description:
      - The plug-ins in the order in which they install, each with its C(name) and its C(arguments). CAU calls them C(CauPluginName) and
        C(CauPluginArguments). A plug-in without arguments may be written as its name alone.
      - C(Microsoft.WindowsUpdatePlugin) has the arguments C(QueryString) and C(IncludeRecommendedUpdates).
      - C(Microsoft.HotfixPlugin) has the arguments C(HotfixRootFolderPath), C(HotfixConfigFileName), C(HotfixInstallerTimeoutMinutes),
        C(DisableAclChecks) and C(RequireSMBEncryption).
      - The arguments are a dictionary, or one text in the syntax of CAU, such as V(Name1=Value1;Name2="Value with spaces"). Names compare
        without regard to case. Two single quotes on each side of a text in C(QueryString), as the self-updating options of CAU want them,
        are taken for one.
      - A plug-in of your own is a role in a collection, by its full name, with the files of tasks C(scan), C(stage) and C(install). Its
        arguments are given to it as they are. They are shown with C(-v), so they are no place for passwords.
      - Without a list, O(windows_updates) and O(hotfix_root_folder_path) say what a run uses.
    type: list
    elements: raw
    default: []
  windows_updates:
    description:
      - Whether the run installs the updates that the Windows Update Agent offers, when there is no list of plug-ins.
    type: bool
    default: true
  stop_on_plugin_failure:
    description:
      - Whether a plug-in that fails on a node keeps the plug-ins after it from working on that node. CAU calls it C(StopOnPluginFailure).
      - Either way the node counts as failed, and what the others have installed is kept.
    type: bool
    default: false
  run_plugins_serially:
    description:
      - Whether each plug-in scans and stages before the next one scans, with several plug-ins. Otherwise plug-ins of your own all scan
        before anything is staged. CAU calls it C(RunPluginsSerially).
    type: bool
    default: false
  pre_node_tasks:
    description:
      - A file with tasks that run before a node is drained. It must be there.
    type: str
    default: ""
  post_node_tasks:
    description:
      - A file with tasks that run after a node serves again. It must be there.
    type: str
    default: ""
  blockers:
    description:
      - Files with tasks that must succeed before a node is drained. They must be there.
    type: list
    elements: str
    default: []
  blocker_timeout:
    description:
      - Seconds for which a blocker that fails is tried again.
    type: int
    default: 0
  blocker_interval:
    description:
      - Seconds between two tries of a blocker. There may be 60 of them.
    type: int
    default: 30
  query_string:
    description:
      - The C(QueryString) of C(Microsoft.WindowsUpdatePlugin).
    type: str
    default: IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1
  include_recommended_updates:
    description:
      - The C(IncludeRecommendedUpdates) of C(Microsoft.WindowsUpdatePlugin).
    type: bool
    default: false
  hotfix_root_folder_path:
    description:
      - The C(HotfixRootFolderPath) of C(Microsoft.HotfixPlugin). An empty text is none.
    type: str
    default: ""
  hotfix_config_file_name:
    description:
      - The C(HotfixConfigFileName) of C(Microsoft.HotfixPlugin).
    type: str
    default: DefaultHotfixConfig.xml
  hotfix_installer_timeout_minutes:
    description:
      - The C(HotfixInstallerTimeoutMinutes) of C(Microsoft.HotfixPlugin).
    type: int
    default: 30
  disable_acl_checks:
    description:
      - The C(DisableAclChecks) of C(Microsoft.HotfixPlugin).
    type: bool
    default: false
  require_smb_encryption:
    description:
      - The C(RequireSMBEncryption) of C(Microsoft.HotfixPlugin).
    type: bool
    default: false
extends_documentation_fragment:
  - cluster_aware.updating._attributes
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing in either mode.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: cluster_aware.updating.run_lock
  - module: cluster_aware.updating.preview
author:
  - cluster_aware.updating contributors (@cluster-aware-updating)
"""

EXAMPLES = r"""
- name: See what a saved configuration of CAU means here
  cluster_aware.updating.run_plan:
    plugins:
      - name: Microsoft.WindowsUpdatePlugin
        arguments: QueryString="IsInstalled=0 and Type=''Software''";IncludeRecommendedUpdates=True
      - name: Microsoft.HotfixPlugin
        arguments:
          HotfixRootFolderPath: \\files\hotfixes\root
          DisableAclChecks: "False"
  register: plan
"""

RETURN = r"""
plugins:
  description: The plug-ins in the order in which they install.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the plug-in.
      type: str
      sample: Microsoft.WindowsUpdatePlugin
    kind:
      description: What it is, V(windows_updates), V(hotfixes) or V(own).
      type: str
      sample: windows_updates
    arguments:
      description: Those of a plug-in of your own; those of the others are options.
      type: dict
      sample: {}
windows_updates:
  description: Whether the run installs what the Windows Update Agent offers.
  returned: success
  type: bool
  sample: true
hotfixes:
  description: Whether the run applies the hotfixes of a hotfix root folder.
  returned: success
  type: bool
  sample: false
before_updates:
  description: The plug-ins that install before Windows updates.
  returned: success
  type: list
  elements: dict
  sample: []
after_updates:
  description: The plug-ins that install after them, all of them when there are no Windows updates.
  returned: success
  type: list
  elements: dict
  sample: [{name: Microsoft.HotfixPlugin, kind: hotfixes, arguments: {}}]
own:
  description: The plug-ins that are roles.
  returned: success
  type: list
  elements: dict
  sample: []
own_before_updates:
  description: Those of them that come before Windows updates.
  returned: success
  type: list
  elements: dict
  sample: []
own_after_updates:
  description: Those of them that come after them.
  returned: success
  type: list
  elements: dict
  sample: []
serially:
  description: Whether each plug-in scans and stages before the next one scans.
  returned: success
  type: bool
  sample: false
several:
  description: Whether there is more than one plug-in, or one of your own.
  returned: success
  type: bool
  sample: false
goes_on:
  description: Whether the others still work on a node when one of them has failed there.
  returned: success
  type: bool
  sample: false
pre_node_tasks:
  description: The whole path of the file.
  returned: success
  type: str
  sample: ""
post_node_tasks:
  description: The whole path of the file.
  returned: success
  type: str
  sample: ""
blockers:
  description: The whole paths of the files.
  returned: success
  type: list
  elements: str
  sample: []
has_hooks:
  description: Whether there are tasks around a node.
  returned: success
  type: bool
  sample: false
dead_after:
  description: The option C(dead_after) that M(cluster_aware.updating.run_lock) needs then.
  returned: success
  type: int
  sample: 900
options:
  description: The options that the arguments stand for, by the names that the tasks of the collection give them.
  returned: success
  type: dict
  sample:
    windows_updates: true
    query_string: IsInstalled=0 and Type='Software'
    include_recommended_updates: true
    hotfix_root_folder_path: \\files\hotfixes\root
    hotfix_config_file_name: DefaultHotfixConfig.xml
    hotfix_installer_timeout_minutes: 30
    disable_acl_checks: false
    require_smb_encryption: false
events:
  description: The progress lines of the task.
  returned: success, and with C(-v) on failure too
  type: list
  elements: dict
  sample: []
"""
