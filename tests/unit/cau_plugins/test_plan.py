# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of plug-ins and the options beside it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.errors import PluginError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.plugins.plan import OPTIONS, PluginKind, PluginPlan, resolve

UPDATES, HOTFIX, OWN = "Microsoft.WindowsUpdatePlugin", "Microsoft.HotfixPlugin", "contoso.hardware.firmware"
ROOT = r"\\files\hotfixes"
QUERY = "IsInstalled=0"

DEFAULTS: dict[str, t.Any] = {
    "windows_updates": True,
    "query_string": QUERY,
    "include_recommended_updates": False,
    "hotfix_root_folder_path": "",
    "hotfix_config_file_name": "DefaultHotfixConfig.xml",
    "hotfix_installer_timeout_minutes": 30,
    "disable_acl_checks": False,
    "require_smb_encryption": False,
}


def plan(*plugins: object, **options: object) -> PluginPlan:
    return resolve(plugins, options, DEFAULTS, lambda name: None if name == OWN else "there is no such role")


def kinds(found: PluginPlan) -> list[str]:
    return [plugin.kind.value for plugin in found.plugins]


def test_every_option_has_a_default() -> None:
    assert set(DEFAULTS) == set(OPTIONS)


def test_without_a_list_the_options_say_what_is_used() -> None:
    assert kinds(plan()) == ["windows_updates"]
    assert kinds(plan(hotfix_root_folder_path=ROOT)) == ["windows_updates", "hotfixes"]
    assert kinds(plan(windows_updates=False)) == []


def test_arguments_become_options() -> None:
    arguments = {
        "hotfixrootfolderpath": ROOT,
        "HotfixConfigFileName": "mine.xml",
        "HotfixInstallerTimeoutMinutes": "45",
        "DisableAclChecks": "TRUE",
        "RequireSMBEncryption": False,
    }
    found = plan({"name": HOTFIX.lower(), "arguments": arguments})
    assert found.plugins[0].name == HOTFIX
    assert found.options == DEFAULTS | {
        "windows_updates": False,
        "hotfix_root_folder_path": ROOT,
        "hotfix_config_file_name": "mine.xml",
        "hotfix_installer_timeout_minutes": 45,
        "disable_acl_checks": True,
    }


def test_saved_configuration_is_taken_with_its_doubled_quotes() -> None:
    text = "QueryString=\"UpdateID=''11111111-0000-4000-8000-000000000001''\";IncludeRecommendedUpdates=True"
    found = plan({"name": UPDATES, "arguments": text})
    assert found.options["query_string"] == "UpdateID='11111111-0000-4000-8000-000000000001'"
    assert found.options["include_recommended_updates"] is True


def test_order_of_the_list_is_kept_around_windows_updates() -> None:
    found = plan(OWN, UPDATES, HOTFIX, hotfix_root_folder_path=ROOT)
    assert [plugin.kind for plugin in found.before_updates] == [PluginKind.OWN]
    assert [plugin.kind for plugin in found.after_updates] == [PluginKind.HOTFIXES]
    assert not plan(OWN).before_updates
    assert plan(OWN).after_updates == plan(OWN).own


def test_own_plugin_keeps_its_arguments() -> None:
    assert plan({"name": OWN, "arguments": "Channel=stable"}).own[0].arguments == {"Channel": "stable"}


def test_same_value_in_both_places_is_no_contradiction() -> None:
    assert plan({"name": UPDATES, "arguments": "QueryString=A=1"}, query_string="A=1").options["query_string"] == "A=1"


WRONG: list[tuple[list[object], dict[str, object], str]] = [
    ([{"name": "Contoso.Plugin"}], {}, "there is no plug-in Contoso.Plugin"),
    (["contoso.hardware.missing"], {}, "there is no such role"),
    ([UPDATES, UPDATES], {}, "twice"),
    ([{"name": UPDATES, "arguments": {"Colour": "red"}}], {}, "has no argument Colour"),
    ([{"name": UPDATES, "arguments": "IncludeRecommendedUpdates=perhaps"}], {}, "must be True or False, not 'perhaps'"),
    ([{"name": HOTFIX, "arguments": {"HotfixInstallerTimeoutMinutes": 0, "HotfixRootFolderPath": ROOT}}], {}, "1 or more"),
    ([{"name": HOTFIX}], {}, "has no HotfixRootFolderPath"),
    ([{"name": HOTFIX, "arguments": {"HotfixRootFolderPath": " "}}], {}, "not empty"),
    ([UPDATES], {"hotfix_root_folder_path": ROOT}, "does not name Microsoft.HotfixPlugin"),
    ([UPDATES], {"windows_updates": False}, "windows_updates is false"),
    ([{"name": UPDATES, "arguments": "QueryString=A=1"}], {"query_string": "A=2"}, "say 'A=1' for query_string"),
    ([{"arguments": {}}], {}, "has no name"),
    ([5], {}, "has no name"),
    ([{"name": UPDATES, "argument": {}}], {}, "has argument"),
]


@pytest.mark.parametrize(("plugins", "options", "says"), WRONG)
def test_mistake_is_refused_in_one_sentence(plugins: list[object], options: dict[str, object], says: str) -> None:
    with pytest.raises(PluginError) as caught:
        plan(*plugins, **options)
    assert says in caught.value.sentence()


def test_unknown_plugin_is_told_the_known_ones() -> None:
    with pytest.raises(PluginError) as caught:
        plan("Contoso.Plugin")
    assert UPDATES in caught.value.sentence()
    assert HOTFIX in caught.value.sentence()
