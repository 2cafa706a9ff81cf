# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whose installers end in every documented way, and in those that nobody documents."""

from __future__ import annotations

import pytest

from tests.harness import nt_acl
from tests.harness.nt_acl import Ace
from tests.harness.stage import Stage

from . import clusters
from .hotfixes import HotfixShare, Open, installed
from .plays import count, nodes_of

RULES = """<Rules><ExtensionRules>
  <Extension name="msu">
    <Template path="%systemroot%\\System32\\wusa.exe" parameters="$update$ /quiet /norestart"/>
    <ExitConditions>
      <Success>0 -5</Success><Success_RebootRequired>3010</Success_RebootRequired><Fail_RebootRequired>1603</Fail_RebootRequired>
      <AlreadyInstalled>0x00240006</AlreadyInstalled><NotApplicable>0x80240017</NotApplicable>
    </ExitConditions>
  </Extension>
</ExtensionRules><FolderRules>
  <Folder name="Firmware" alwaysReboot="true">
    <Template path="$update$" parameters="/silent"/>
    <ExitConditions><Success>0</Success><NotApplicable>7</NotApplicable></ExitConditions>
  </Folder>
</FolderRules></Rules>"""

RUN = "Invoke MSFT_CAUNode.RunUpdateInstaller"


def ends(name: str, exit_code: int = 0, **more: object) -> clusters.Data:
    return {"match": f"*\\{name}.*", "exit_code": exit_code} | more


def on_first_node(share: HotfixShare, *names: str) -> None:
    share.put(*(f"MIN01-N1/{name}" for name in names), config=RULES)


def order_on_first_node(stage: Stage) -> list[str]:
    wanted = {"installer_started", "installer_ended", "restart_requested", "resume_requested"}
    return [event["event"] for event in stage.twin.events() if event["event"] in wanted and event["node"] == "MIN01-N1"]


def test_codes_that_are_no_failure_are_told_apart(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "decimal.msu", "negative.msu", "already.msu", "other.msu", "Firmware/nothing.bin")
    scripts = [ends("negative", -5), ends("already", 2359302), ends("other", -2145124329), ends("nothing", 7)]
    stage = opened(share.cluster(installers=scripts), rate=100)
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    for told in ("decimal.msu succeeded", "negative.msu succeeded", "already.msu is installed already", "other.msu does not apply"):
        assert rf"MIN01-N1\{told}" in run.screen, run.screen
    assert "nothing.bin does not apply to this node" in run.screen
    # What is there already or is meant for others is no work, and asks for no restart even where success always does.
    assert "MIN01-N1 ok 2 hotfixes" in run.screen
    assert count(stage.twin.events(), "restart_requested") == 0


def test_restart_after_success_is_shared_by_all_that_ask_for_it(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu", "b.msu", "Firmware/c.bin")
    stage = opened(share.cluster(installers=[ends("b", 3010), ends("a"), ends("c")]), rate=100)
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert order_on_first_node(stage) == [*["installer_started", "installer_ended"] * 3, "restart_requested", "resume_requested"]


def test_code_in_no_list_fails_without_a_restart_and_the_others_are_tried(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu", "b.msu")
    stage = opened(share.cluster(installers=[ends("a", 1618)]), rate=100)
    run = share.play(stage)
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert r"1 hotfix not applied: MIN01-N1\a.msu FAILED 1618 ERROR_INSTALL_ALREADY_RUNNING" in run.screen
    assert "Run again when no other installation is running on the node" in run.screen
    assert r"MIN01-N1\b.msu succeeded (2 of 2)" in run.screen
    assert order_on_first_node(stage) == [*["installer_started", "installer_ended"] * 2, "resume_requested"]


def test_failure_that_asks_for_a_restart_gets_it_before_the_node_serves(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu")
    stage = opened(share.cluster(installers=[ends("a", 1603)]), rate=100)
    run = share.play(stage)
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert "1603 ERROR_INSTALL_FAILURE" in run.screen
    assert "and wants a restart" in run.screen
    assert order_on_first_node(stage) == ["installer_started", "installer_ended", "restart_requested", "resume_requested"]
    assert installed(stage.twin.events()) == [("MIN01-N1", "a.msu")]


def test_failure_on_the_first_node_is_within_or_over_the_budget_as_with_updates(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", config=RULES)
    stage = opened(share.cluster(size=3, installers=[ends("a", 9, times=1)]), rate=100)
    run = share.play(stage, max_failed_nodes=0)
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert nodes_of(stage.twin.events(), "pause_requested") == ["MIN01-N1"]


def test_denied_launch_names_the_rule_of_defender(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu")
    stage = opened(share.cluster(installers=[ends("a", launch_hresult=0x80070005)]), rate=100)
    run = share.play(stage)
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert "the installer could not be started: 0x80070005" in run.screen
    assert "d1e49aac-8f56-4280-b9ba-993a6d77406c" in run.screen
    assert order_on_first_node(stage) == ["resume_requested"]


def test_file_that_the_node_cannot_read_is_not_started_and_named(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu", "b.msu")
    own = [Ace(nt_acl.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL)]
    share.samba.set_acl(share.name, "MIN01-N1/a.msu", aces=own)
    stage = opened(share.cluster(), rate=100)
    run = share.play(stage, disable_acl_checks=True)
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert r"MIN01-N1\a.msu FAILED the installer could not be started: 0x80070005" in run.screen
    assert "Let the node's computer account read and run the file on the share" in run.screen
    assert installed(stage.twin.events()) == [("MIN01-N1", "b.msu")]


def test_installer_that_passes_its_limit_is_waited_for_and_unknown(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu")
    stage = opened(share.cluster(installers=[ends("a", seconds=300)]))
    run = share.play(stage, hotfix_installer_timeout_minutes=1)
    assert run.exit_code == 2, run.screen
    assert stage.verdict() == []
    assert r"MIN01-N1\a.msu: it had not ended after 1 min; the installer is not killed" in run.screen
    assert r"MIN01-N1\a.msu has an outcome that is NOT KNOWN" in run.screen
    assert order_on_first_node(stage) == ["installer_started", "installer_ended", "resume_requested"]


def test_installer_that_never_ends_keeps_its_node_out_of_service_and_named(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "CAUHotfix_All/b.msu", config=RULES)
    stage = opened(share.cluster(size=3, installers=[ends("a", seconds=100_000)]))
    run = share.play(stage, hotfix_installer_timeout_minutes=1, installer_settle_timeout=60)
    assert run.exit_code == 2, run.screen
    # The lock is gone, and the journal tells of the node that is out of service: the verdict knows both rules.
    assert stage.verdict() == []
    assert "MIN01-N1 left out of service: it is paused by this run" in run.screen
    assert r"the installer of \\FILES01" in run.screen
    assert "may still be running, so the node stays as it is" in run.screen
    events = stage.twin.events()
    assert installed(events) == [("MIN01-N1", "a.msu")]
    assert nodes_of(events, "pause_requested") == ["MIN01-N1"]
    assert sorted(nodes_of(events, "run_lock_released")) == ["MIN01-N1", "MIN01-N2", "MIN01-N3"]
    assert count(events, "resume_requested") == count(events, "restart_requested") == 0


def test_node_that_was_left_is_brought_back_by_the_next_run_once_its_installer_has_ended(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu")
    stage = opened(share.cluster(installers=[ends("a", seconds=1000, times=1), ends("a", 2359302)]))
    limits = {"hotfix_installer_timeout_minutes": 1, "installer_settle_timeout": 60}
    assert share.play(stage, **limits).exit_code == 2
    stage.twin.control.send("advance", seconds=1000)
    run = share.play(stage)
    assert run.exit_code == 2, run.screen
    assert "has an outcome that is NOT KNOWN" in run.screen
    assert nodes_of(stage.twin.events(), "resumed") == ["MIN01-N1"]
    # The user has been told; a run of its own finds that it is installed.
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == [("MIN01-N1", "a.msu")] * 2


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "garble", "truncate", "silent"])
def test_lost_answer_of_an_installer_never_starts_it_twice(action: str, opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu", "b.msu")
    stage = opened(share.cluster(), faults=[{"action": action, "operation": RUN, "node": "MIN01-N1", "times": 1}])
    run = share.play(stage)
    assert stage.verdict() == []
    events = stage.twin.events()
    assert count(events, "fault_played") == 1
    assert installed(events)[-1] == ("MIN01-N1", "b.msu")
    assert len(installed(events)) <= 2
    assert order_on_first_node(stage)[-1] == "resume_requested"
    # Where the answer cannot be fetched again, the run says so and fails.
    is_unknown = r"MIN01-N1\a.msu has an outcome that is NOT KNOWN" in run.screen
    assert run.exit_code == (2 if is_unknown else 0), run.screen


def test_installer_that_was_never_started_is_tried_again(opened: Open, share: HotfixShare) -> None:
    on_first_node(share, "a.msu")
    refused = {"action": "refuse", "operation": RUN, "node": "MIN01-N1", "times": 1}
    stage = opened(share.cluster(), faults=[refused])
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == [("MIN01-N1", "a.msu")]
