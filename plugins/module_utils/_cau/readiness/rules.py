# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All rules of readiness, and what becomes of them.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from . import cluster_rules, node_rules, update_rules
from .records import Finding, Problem, Rule, Severity, Snapshot

RULES: tuple[Rule, ...] = (
    Rule(
        "nodes_answer",
        Severity.ERROR,
        "Every node of the cluster is a host of the inventory and answers over WS-Management.",
        "Add the node to the inventory, or bring its host within reach: WinRM runs (winrm quickconfig), and the firewall rule "
        "Windows Remote Management (HTTP-In) lets the controller in",
        cluster_rules.nodes_answer,
        cau_rule=2,
    ),
    Rule(
        "nodes_serve",
        Severity.ERROR,
        "Every node is up and normal in the eyes of the cluster: not down, paused, isolated, in quarantine or being drained.",
        "Bring the node up or resume it, and let the cluster validation run",
        cluster_rules.nodes_serve,
        cau_rule=1,
    ),
    Rule(
        "windows_is_supported",
        Severity.ERROR,
        "Every node runs Windows Server 2012 or later.",
        "Upgrade the node",
        node_rules.windows_is_supported,
        cau_rule=4,
    ),
    Rule(
        "builds_are_equal",
        Severity.WARNING,
        "All nodes run the same build of Windows.",
        "Finish the upgrade of the cluster: roles may not be able to go back to a node that is behind",
        node_rules.builds_are_equal,
    ),
    Rule(
        "cluster_service_runs",
        Severity.ERROR,
        "The cluster service of every node runs and starts by itself.",
        "Set the service ClusSvc to automatic start, and start it",
        node_rules.cluster_service_runs,
        cau_rule=6,
    ),
    Rule(
        "winrm_starts",
        Severity.ERROR,
        "The WinRM service of every node starts by itself.",
        "Set the service WinRM to automatic start",
        node_rules.winrm_starts,
        cau_rule=2,
    ),
    Rule(
        "update_service_starts",
        Severity.ERROR,
        "The Windows Update service of every node is not disabled.",
        "Set the service wuauserv to manual start",
        node_rules.update_service_starts,
    ),
    Rule(
        "nothing_installs_by_itself",
        Severity.ERROR,
        "Group policy keeps Automatic Updates of every node from installing by itself (AUOptions, NoAutoUpdate).",
        "Set Configure Automatic Updates in group policy to notify or to download only, or disable it",
        update_rules.nothing_installs_by_itself,
        cau_rule=7,
    ),
    Rule(
        "sources_are_equal",
        Severity.WARNING,
        "All nodes have the same update source: the same WSUS server of group policy (WUServer, UseWUServer), or none.",
        "Give all nodes the same update source in group policy",
        update_rules.sources_are_equal,
        cau_rule=8,
    ),
    Rule(
        "proxies_are_equal",
        Severity.WARNING,
        "All nodes have the same WinHTTP proxy or none, and its bypass list has the other nodes (`<local>` and the cluster's domain).",
        'Set it on each node: netsh winhttp set proxy HOST:PORT "<local>;*.DOMAIN"',
        update_rules.proxies_are_equal,
        cau_rule=10,
    ),
    Rule(
        "quorum_survives",
        Severity.ERROR,
        "The cluster keeps quorum without any one of its nodes, as it says itself and as the votes say.",
        "Bring all nodes up, or configure a witness",
        cluster_rules.quorum_survives,
    ),
    Rule(
        "storage_is_healthy",
        Severity.ERROR,
        "The storage of a Storage Spaces Direct cluster is healthy, and no repair runs.",
        "Wait until the repair jobs have ended, or mend the storage",
        cluster_rules.storage_is_healthy,
    ),
    Rule(
        "locks_can_be_read",
        Severity.ERROR,
        "The CAU provider of every node is there, and run lock and node session can be read.",
        "Install the Failover Clustering feature with its tools on the node, and use an account that is an administrator of it",
        cluster_rules.locks_can_be_read,
    ),
    Rule(
        "locks_are_free",
        Severity.ERROR,
        "Nobody holds a run lock or a node session on any node.",
        "Wait until that run has ended; a lock that nobody uses goes after an hour. cluster_info tells more about its holder",
        cluster_rules.locks_are_free,
    ),
    Rule(
        "journals_are_empty",
        Severity.WARNING,
        "No run has left a journal behind, which says that it may have left a node out of service.",
        "Look at left_behind of cluster_info, mend and resume the node that it names, and run the playbook again",
        cluster_rules.journals_are_empty,
    ),
    Rule(
        "no_own_schedule",
        Severity.WARNING,
        "No clustered CAU role (self-updating) is online, whose own schedule can begin a run in the middle of ours.",
        "Set rolling_update_take_cau_role_offline for the time of the run, or remove the role (Remove-CauClusterRole)",
        cluster_rules.no_own_schedule,
    ),
    Rule(
        "methods_are_known",
        Severity.WARNING,
        "The CAU provider has the methods that a run calls, and all nodes agree about the argument FeatureUpdatesOnly. One node of each "
        "build is asked.",
        "Use an account that is an administrator of the node; if methods are missing, register CAUWMIv2.mof again with mofcomp",
        update_rules.methods_are_known,
    ),
    Rule(
        "messages_have_room",
        Severity.WARNING,
        "MaxTimeoutms and MaxEnvelopeSizekb of WinRM are the usual ones or higher. A limit below two hours is told for information, with "
        "what it means for long installations.",
        "Set them with winrm set winrm/config, for instance MaxTimeoutms to 7200000, or leave them as they are where it is for information",
        node_rules.messages_have_room,
    ),
    Rule(
        "no_restart_is_pending",
        Severity.WARNING,
        "No node waits for a restart.",
        "Restart the node first: updates that are installed on top of a pending restart may be installed in part",
        update_rules.no_restart_is_pending,
    ),
    Rule(
        "system_drive_has_room",
        Severity.WARNING,
        "The system drive of every node has room (`min_free_gb`; below 5 GB it is an error).",
        "Free space on it: old downloads stand in C:\\Windows\\SoftwareDistribution and C:\\UpdateDistribution",
        node_rules.system_drive_has_room,
    ),
    Rule(
        "clocks_agree",
        Severity.WARNING,
        "The nodes' clocks agree with each other within a minute (five minutes and more are an error).",
        "Let the node take its time from the domain (w32tm /resync)",
        node_rules.clocks_agree,
    ),
    Rule(
        "installers_may_start",
        Severity.ERROR,
        "No policy has the Defender rule d1e49aac-8f56-4280-b9ba-993a6d77406c, which blocks hotfix installers. Looked at when a hotfix "
        "root folder is named.",
        "Set that attack surface reduction rule to audit for the time of the run, or exclude the installers from it",
        update_rules.installers_may_start,
    ),
    Rule(
        "hotfix_share_is_right",
        Severity.ERROR,
        "The hotfix root folder, if one is named, can be read, and its permissions are what a run insists on.",
        "Do what the finding says",
        cluster_rules.hotfix_share_is_right,
    ),
)
"""In the order in which findings of the same severity are told."""

NOT_CHECKED: Mapping[int, str] = {
    3: "Nothing here needs PowerShell on a node.",
    5: "Nothing here needs .NET or PowerShell on a node.",
    9: "A node is restarted through WS-Management, which does not use the Remote Shutdown rule.",
    11: "Self-updating only. That such a role is online is a finding of its own.",
    12: "Self-updating only.",
    13: "Self-updating only: plug-ins of this collection stand on the controller.",
    14: "Self-updating only.",
    15: "Self-updating only. The tasks check their own options before anything is sent.",
    16: "Self-updating only.",
    17: "Self-updating only.",
    18: "Self-updating only.",
    19: "Checked where it is set: a run with a warn_after that is not less than its stop_after is refused before the lock.",
}
"""The rules of Test-CauSetup that are not checked, each with the reason (cau.md 5.7)."""

_ORDER = tuple(Severity)


def judge(snapshot: Snapshot) -> list[Finding]:
    """Return what all rules say about a snapshot, the worst first.

    Args:
        snapshot: what was read.
    """
    found = [_finding(rule, problem) for rule in RULES for problem in rule.judge(snapshot)]
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))


def _finding(rule: Rule, problem: Problem) -> Finding:
    return Finding(
        rule=rule.name,
        cau_rule=rule.cau_rule,
        severity=problem.severity or rule.severity,
        node=problem.node,
        what=problem.what,
        mend=problem.mend or rule.mend,
    )


def count(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how many findings there are of each severity.

    Args:
        findings: the findings.
    """
    counted = Counter(finding.severity for finding in findings)
    return {severity.value: counted[severity] for severity in Severity}


def is_ready(findings: Sequence[Finding], fail_on: str) -> bool:
    """Return whether the cluster counts as ready.

    Args:
        findings: the findings.
        fail_on: the least severity that makes it not ready, or "never".
    """
    bad = () if fail_on == "never" else _ORDER[: _ORDER.index(Severity(fail_on)) + 1]
    return not any(finding.severity in bad for finding in findings)


def summary(findings: Sequence[Finding]) -> str:
    """Return the number of findings in words.

    Args:
        findings: the findings.
    """
    counted = [(number, name) for name, number in count(findings).items() if number]
    plural = {"info": "for information"}
    return ", ".join(f"{number} {plural.get(name, name + ('s' if number > 1 else ''))}" for number, name in counted) or "nothing found"


def lines(findings: Sequence[Finding]) -> list[tuple[str | None, str]]:
    """Return the short list for the screen: a node, or None for the cluster, and a text; what many nodes share is said once.

    Args:
        findings: the findings, in order.
    """
    shared: dict[tuple[Severity, str, str], list[str | None]] = {}
    for finding in findings:
        shared.setdefault((finding.severity, finding.what, finding.mend), []).append(finding.node)
    shown: list[tuple[str | None, str]] = []
    for (severity, what, mend), nodes in shared.items():
        named = [node for node in nodes if node is not None]
        where = f"{', '.join(named)}: " if len(named) > 1 else ""
        shown.append((named[0] if len(named) == 1 else None, f"{severity.value}: {where}{what}. {mend}"))
    return shown
