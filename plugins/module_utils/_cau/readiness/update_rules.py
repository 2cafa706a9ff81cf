# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about what installs updates: the provider's methods, pending restarts, policies, sources, what blocks installers.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

from collections import Counter

from .read import HARMLESS_OPTIONS
from .records import Problem, Severity, Snapshot, UpdatePolicy, known

_INSTALLS = 4
"""AUOptions: download and install at a set time."""

_BLOCKS = {"1": "blocks", "6": "asks a person about"}
"""Values of a Defender rule that keep an installer from starting; 0 is off and 2 only takes notes."""


def methods_are_known(snapshot: Snapshot) -> list[Problem]:
    """The provider has the methods that a run calls; whether they take FeatureUpdatesOnly is the same on all nodes."""
    nodes, found = known(snapshot, lambda node: node.methods, "the methods of the CAU provider")
    described = [(name, methods) for name, methods in nodes if methods is not None]
    for name, methods in described:
        if methods.missing:
            found.append(Problem(f"the CAU provider lacks {', '.join(methods.missing)}", name, Severity.ERROR))
    newer = [name for name, methods in described if methods.has_feature_updates]
    if 0 < len(newer) < len(described):
        older = [name for name, methods in described if not methods.has_feature_updates]
        text = f"the update methods take FeatureUpdatesOnly on {', '.join(newer)} and not on {', '.join(older)}; each is asked its way"
        found.append(Problem(text, severity=Severity.INFO))
    return found


def no_restart_is_pending(snapshot: Snapshot) -> list[Problem]:
    """No node waits for a restart, on top of which updates install in part or not at all (cau.md 3.3)."""
    nodes, found = known(snapshot, lambda node: node.pending, "whether a restart is pending")
    return found + [Problem(f"a restart is pending: {', '.join(signs)}", name) for name, signs in nodes if signs]


def nothing_installs_by_itself(snapshot: Snapshot) -> list[Problem]:
    """Group policy keeps Automatic Updates from installing by itself."""
    nodes, found = known(snapshot, lambda node: node.policy, "the policy of Automatic Updates")
    for name, policy in nodes:
        problem = _automatic(name, policy)
        if problem is not None:
            found.append(problem)
    return found


def _automatic(name: str, policy: UpdatePolicy) -> Problem | None:
    if policy.is_off or policy.options in HARMLESS_OPTIONS:
        return None
    if policy.options is None:
        text = "no policy says what Automatic Updates may do, so that the node's own setting decides, which is not read"
        return Problem(text, name, Severity.WARNING)
    if policy.options == _INSTALLS:
        return Problem("Automatic Updates installs by itself at a set time (AUOptions is 4)", name)
    text = f"AUOptions is {policy.options}, which does not keep Automatic Updates from installing by itself"
    return Problem(text, name, Severity.WARNING)


def sources_are_equal(snapshot: Snapshot) -> list[Problem]:
    """All nodes have their updates from the same place."""
    nodes, found = known(snapshot, lambda node: node.policy, "the update source")
    sources = {name: (policy.server or "Windows Update").rstrip("/") for name, policy in nodes}
    return found + _unlike(sources, "its updates come from {own}, those of {count} nodes from {usual}")


def proxies_are_equal(snapshot: Snapshot) -> list[Problem]:
    """All nodes have the same WinHTTP proxy, and reach each other without it."""
    nodes, found = known(snapshot, lambda node: node.proxy, "the WinHTTP proxy")
    proxies = {name: str(proxy or "no proxy") for name, proxy in nodes}
    found += _unlike(proxies, "its WinHTTP proxy is {own}, that of {count} nodes is {usual}")
    domain = (snapshot.info.fqdn or "").casefold().partition(".")[2]
    for name, proxy in nodes:
        if proxy is None:
            continue
        bypass = proxy.bypass.casefold()
        # cau.md 7, 16: <local> covers only names without a dot.
        missing = [entry for entry in ("<local>", f".{domain}" if domain else "") if entry not in bypass]
        if missing:
            found.append(Problem(f"the bypass list of the WinHTTP proxy lacks {' and '.join(missing)}", name))
    return found


def _unlike(values: dict[str, str], text: str) -> list[Problem]:
    """Return a problem for each node whose value is not that of most of them."""
    folded = Counter(value.casefold() for value in values.values())
    if len(folded) < 2:
        return []
    usual, count = folded.most_common(1)[0]
    spelled = next(value for value in values.values() if value.casefold() == usual)
    unlike = [(name, value) for name, value in values.items() if value.casefold() != usual]
    return [Problem(text.format(own=value, count=count, usual=spelled), name) for name, value in unlike]


def installers_may_start(snapshot: Snapshot) -> list[Problem]:
    """No Defender policy keeps installers from starting that WMI starts, as hotfixes are (cau.md 7, 2)."""
    nodes, found = known(snapshot, lambda node: node.installer_rule, "the Defender policy about installers")
    for name, value in nodes:
        verb = _BLOCKS.get((value or "").strip())
        if verb is not None:
            found.append(Problem(f"a Defender policy {verb} processes that WMI starts, and hotfixes need such a process", name))
    return found
