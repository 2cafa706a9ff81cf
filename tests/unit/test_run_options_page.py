# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/run_options.md has every parameter of Invoke-CauRun and every option of the role, with the defaults that they have."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._combinations import CONTRADICTIONS, ROLE_OPTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/run_options.md").read_text(encoding="utf-8")
ROLE: dict[str, dict[str, t.Any]] = yaml.safe_load((ROOT / "roles/rolling_update/meta/argument_specs.yml").read_text(encoding="utf-8"))[
    "argument_specs"
]["main"]["options"]

# Of all versions together (cau.md 5.8).
INVOKE_CAU_RUN = [
    "AttemptSoftReboot",
    "CauPluginArguments",
    "CauPluginName",
    "ClearCorruptReports",
    "ClusterName",
    "ConfigurationName",
    "Credential",
    "EnableFirewallRules",
    "FailbackMode",
    "Force",
    "ForcePauseAndDrain",
    "ForcePauseDrainAndReboot",
    "ForcePauseNoDrain",
    "ForceRecovery",
    "ForceSelfUpdate",
    "MaxFailedNodes",
    "MaxRetriesPerNode",
    "NodeOrder",
    "OsRollingUpgrade",
    "PostUpdateScript",
    "PreUpdateScript",
    "RebootMode",
    "RebootTimeoutMinutes",
    "RequireAllNodesOnline",
    "ResumeNode",
    "RunPluginsSerially",
    "SeparateReboots",
    "SiteAwareUpdatingOrder",
    "SkipUpdateChecks",
    "StopAfter",
    "StopOnPluginFailure",
    "SuspendClusterNodeTimeoutMinutes",
    "SuspendNode",
    "SuspendRetriesPerNode",
    "WaitForStorageRepairTimeoutMinutes",
    "WarnAfter",
]

PLACES = {path.stem for folder in ("plugins/modules", "playbooks") for path in (ROOT / folder).iterdir()}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


CAU = rows("Each parameter of Invoke-CauRun")
OWN = rows("Options that CAU does not have")


def named(cell: str) -> list[str]:
    """Return what stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def default_of(option: str) -> set[str]:
    """Return how the default of an option may be written."""
    if "default" not in ROLE[option]:
        return {"none", "a third, rounded down"}
    value = ROLE[option]["default"]
    return {"empty"} if value == "" else {value} if isinstance(value, str) else {json.dumps(value)}


def test_every_parameter_of_cau_has_a_row() -> None:
    assert [named(row[0])[0] for row in CAU] == INVOKE_CAU_RUN


@pytest.mark.parametrize("row", CAU, ids=[row[0] for row in CAU])
def test_parameter_is_mapped_to_something_that_exists_or_said_not_to_be(row: list[str]) -> None:
    _name, since, here, _cau_default, default = row
    assert since in {"2012", "2012 R2", "2016", "2022", "2025"}
    options = [name for name in named(here) if name.startswith("rolling_update_")]
    assert all(option in ROLE for option in options), options
    if not options:
        assert here.startswith("No. ") or here == "The connection variables of the hosts."
        assert default == ""
        assert all(name in PLACES or not name.islower() or name == "--check" for name in named(here)), here
        return
    written = default.strip("`").split("`,")[0]
    assert written in default_of(options[0]), default


@pytest.mark.parametrize("row", OWN, ids=[row[0] for row in OWN])
def test_option_of_our_own_exists_with_its_default(row: list[str]) -> None:
    (option,) = named(row[0])
    assert row[1].strip("`") in default_of(option), row[1]
    assert row[2]


def test_every_option_of_the_role_is_on_the_page() -> None:
    mapped = {name for row in CAU for name in named(row[2])} | {named(row[0])[0] for row in OWN}
    assert set(ROLE) <= mapped
    assert {name for name in mapped if name.startswith("rolling_update_")} <= set(ROLE)


def test_options_that_no_task_has_are_those_of_the_role() -> None:
    for name, argument in ROLE_OPTIONS.items():
        documented = ROLE[f"rolling_update_{name}"]
        assert argument == {key: documented[key] for key in ("type", "choices") if key in documented}


def test_every_contradiction_is_on_the_page() -> None:
    assert [sentence for _is_so, sentence in CONTRADICTIONS if f"- {sentence}.\n" not in PAGE] == []
