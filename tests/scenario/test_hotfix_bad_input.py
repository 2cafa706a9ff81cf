# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths, configuration files, layouts and options that cannot be meant: each run ends in a sentence before anything was begun."""

from __future__ import annotations

import typing as t

import pytest

from tests.harness.stage import Stage

from .hotfixes import CONFIG, HotfixShare, Open, installed, is_untouched
from .plays import PLAYBOOK

TEMPLATE = '<Template path="%windir%\\x.exe" parameters="$update$"/>'
EXITS = "<ExitConditions><Success>0</Success></ExitConditions>"
MEND = "Correct the file; the guide page Hotfixes describes it and the collection ships a sample"


def rule(inner: str, name: str = "MSU") -> str:
    return f'<Extension name="{name}">{inner}</Extension>'


def config(*rules: str) -> str:
    """Return a configuration whose first rule stands in line 2."""
    return "<Config><ExtensionRules>\n" + "\n".join(rules) + "\n</ExtensionRules></Config>"


def exits(conditions: str) -> str:
    return config(rule(f"{TEMPLATE}<ExitConditions>{conditions}</ExitConditions>"))


CONFIGS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "line 1: it is not well-formed XML"),
    "half": ("<Config><ExtensionRules>\n<Extension", "line 2: it is not well-formed XML"),
    "text": (b"\xff\xfe\x00\xd8", "save it as UTF-8 or UTF-16"),
    "dtd": ('<!DOCTYPE c [<!ENTITY x "y">]>\n<c>&x;</c>', "line 1: it holds a document type or an entity definition, which is never read"),
    "no rule": ("<Config/>", "line 1: it holds no rule"),
    "no Template": (config(rule(EXITS)), "line 2: the rule MSU has no Template"),
    "no ExitConditions": (config(rule(TEMPLATE)), "line 2: the rule MSU has no ExitConditions; at least one exit code has to stand"),
    "no Success": (exits("<NotApplicable>1</NotApplicable>"), "line 2: the rule MSU has no exit code under Success"),
    "no code": (exits("<Success/>"), "line 2: the rule MSU has no exit code under Success"),
    "code in two lists": (
        exits("<Success>0 0xBC2</Success><Success_RebootRequired>3010</Success_RebootRequired>"),
        "line 2: the rule MSU has the exit code 3010 under Success_RebootRequired and, from line 2 on, under Success",
    ),
    "code too large": (exits("<Success>4294967296</Success>"), "the exit code 4294967296 does not fit into 32 bits"),
    "word as code": (exits("<Success>ok</Success>"), "line 2: Success of the rule MSU: 'ok' is no exit code"),
    "unknown condition": (exits("<Success>0</Success><Sucess>1</Sucess>"), "line 2: the rule MSU has the unknown exit condition Sucess"),
    "two rules": (config(rule(TEMPLATE + EXITS), rule(TEMPLATE + EXITS, "msu")), "line 3: two extension rules are named msu"),
    "bare program": (
        config(rule(f'<Template path="wusa.exe"/>{EXITS}')),
        "line 2: the path of the rule MSU is 'wusa.exe', which is not complete",
    ),
}

PATHS: dict[str, tuple[str, str]] = {
    "local": (r"C:\hotfixes", r"C:\hotfixes is a local path or a drive letter, which means another folder on each machine"),
    "drive": ("H:", "H: is a local path or a drive letter"),
    "web": ("https://files01/hotfixes", "https://files01/hotfixes is a URL, which is not how nodes reach a share"),
    "posix": ("/srv/hotfixes", "/srv/hotfixes does not name a server"),
    "server alone": (r"\\FILES01", r"\\FILES01 names a server but no share"),
    "parent": (r"\\FILES01\hotfixes\..\c$", "has the part .., which leads elsewhere"),
    "blank": (" ", "the path of the share is empty"),
}

OPTIONS: dict[str, tuple[dict[str, t.Any], str]] = {
    "minutes": ({"hotfix_installer_timeout_minutes": 0}, "hotfix_installer_timeout_minutes must be 1 or more, not 0"),
    "settle": ({"installer_settle_timeout": -1}, "installer_settle_timeout must be 0 or more, not -1"),
    "port 0": ({"share_port": 0}, "share_port must be 1 or more, not 0"),
    "port 70000": ({"share_port": 70000}, "share_port must be 65535 or less, not 70000"),
    "word": ({"hotfix_installer_timeout_minutes": "soon"}, "hotfix_installer_timeout_minutes"),
    "bool": ({"disable_acl_checks": "perhaps"}, "disable_acl_checks"),
    "choice": ({"share_authentication": "basic"}, "share_authentication"),
    "config path": ({"hotfix_config_file_name": r"sub\my.xml"}, "is no plain file name"),
    "config name": ({"hotfix_config_file_name": "other.xml"}, "other.xml: there is no such file in"),
}


def refused(stage: Stage, share: HotfixShare, *says: str, play: str | None = None, **changes: t.Any) -> None:  # noqa: ANN401
    """Make sure that a run ends with this sentence, and that no node was touched."""
    run = stage.playbook(play, *share.variables(**changes)) if play else share.play(stage, **changes)
    assert run.exit_code == 2, run.screen
    for text in says:
        assert text in run.screen, run.screen
    assert "Traceback" not in run.screen
    assert "undefined" not in run.screen
    assert stage.verdict() == []
    assert is_untouched(stage.twin.events())


@pytest.mark.parametrize("case", sorted(CONFIGS))
def test_configuration_that_cannot_be_meant_ends_the_run_with_its_line(case: str, opened: Open, share: HotfixShare) -> None:
    text, says = CONFIGS[case]
    share.put("CAUHotfix_All/a.msu", config=text)
    refused(opened(share.cluster()), share, CONFIG, says, MEND)


@pytest.mark.parametrize("case", sorted(PATHS))
def test_path_that_is_no_share_ends_the_run(case: str, opened: Open, share: HotfixShare) -> None:
    path, says = PATHS[case]
    refused(opened(share.cluster()), share, says, r"\\server\share\folder", hotfix_root_folder_path=path)


@pytest.mark.parametrize("case", sorted(OPTIONS))
def test_option_that_cannot_work_ends_the_run(case: str, opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    changes, says = OPTIONS[case]
    refused(opened(share.cluster()), share, says, **changes)


def test_folder_without_a_configuration_ends_the_run(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu")
    (share.folder / CONFIG).unlink()
    sample = "Put a configuration file there, for instance the sample that the collection ships, or set its name"
    refused(opened(share.cluster()), share, f"{CONFIG}: there is no such file in {share.path}", sample)


def test_fault_in_the_folder_of_the_last_node_is_found_before_the_first_drain(opened: Open, share: HotfixShare) -> None:
    share.put("CAUHotfix_All/a.msu", "MIN01-N2/broken.msu", "MIN01-N2/torn.msi")
    (share.folder / "MIN01-N2" / "broken.msu").write_bytes(b"")
    stage = opened(share.cluster())
    refused(stage, share, rf"{share.path}\MIN01-N2\broken.msu is empty; copy it again, or take it out", play=PLAYBOOK)


def test_every_fault_of_the_files_is_named_at_once(opened: Open, share: HotfixShare) -> None:
    deep = f"CAUHotfix_All/{'x' * 250}.msu"
    share.put("CAUHotfix_All/a.msu", "MIN01-N2/empty.msu", deep, "CAUHotfix_All/b.msu")
    (share.folder / "MIN01-N2" / "empty.msu").write_bytes(b"")
    message = share.ask(opened(share.cluster())).message
    assert r"\MIN01-N2\empty.msu is empty" in message
    assert "characters long, and 259 are the most; shorten the names" in message


def test_names_that_windows_takes_for_one_are_refused(opened: Open, share: HotfixShare) -> None:
    share.samba.share(share.name, options={"case sensitive": "yes"})
    share.put("CAUHotfix_All/a.msu", "CAUHotfix_All/A.MSU")
    message = share.ask(opened(share.cluster())).message
    assert "differ only in upper and lower case, so a node would open either of them" in message
    assert "Rename or remove one of them" in message


@pytest.mark.parametrize("root", ["Whatever", "HotfixConfiguration"])
@pytest.mark.parametrize("namespace", ["", ' xmlns="urn:example:hotfix"'])
def test_any_root_and_namespace_are_read_tolerantly(root: str, namespace: str, opened: Open, share: HotfixShare) -> None:
    codes = '<Success><ExitCode code="0"/><ExitCode>0xBC2</ExitCode></Success>'
    inner = f"<ExitConditions>{codes}</ExitConditions>"
    text = f"<{root}{namespace}><DefaultRules><ExtensionRules>{rule(TEMPLATE + inner)}</ExtensionRules></DefaultRules></{root}>"
    answer = share.put("CAUHotfix_All/a.msu", config=text).ask(opened(share.cluster()))
    assert not answer.is_failed, answer.screen
    assert [row["program"] for row in answer.fields["hotfixes"]] == [r"%windir%\x.exe"]


def test_folder_without_hotfixes_is_no_error_and_says_so(opened: Open, share: HotfixShare) -> None:
    share.put()
    stage = opened(share.cluster())
    run = share.play(stage)
    assert run.exit_code == 0, run.screen
    assert "there is no CAUHotfix_All and no folder of a node, so nothing would be applied" in run.screen
    assert "MIN01-N1 nothing to do" in run.screen
    assert stage.verdict() == []
    assert installed(stage.twin.events()) == []
