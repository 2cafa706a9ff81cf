# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of the connection plugins' options: complete, true, and every row shown by a real connection object."""

from __future__ import annotations

import inspect
import typing as t
from dataclasses import fields
from pathlib import Path

import pytest
import winrm
from ansible import constants
from ansible.utils.display import Display
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.plugin_utils import _psrp_options, _winrm_options
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._connection import endpoint_from_connection
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._connection_options import (
    ConnectionOptionError,
    Option,
    service_url,
    settings_of,
    values_of,
)
from hypothesis import given
from hypothesis import strategies as st

from .test_connection import CANARY, connection_of

TABLES = {"winrm": (*_winrm_options.OPTIONS, *_winrm_options.EXTRAS), "psrp": _psrp_options.OPTIONS}
ROWS = [(plugin, row) for plugin, rows in TABLES.items() for row in rows]
PAGE = Path(__file__).parents[3] / "docs" / "connection.md"

EXPECTED: dict[str, dict[str, tuple[object, str, object]]] = {
    "winrm": {
        "remote_addr": ("10.0.0.9", "url", "https://10.0.0.9:5986/wsman"),
        "port": (15986, "url", "https://hv1:15986/wsman"),
        "scheme": ("http", "url", "http://hv1:5986/wsman"),
        "path": ("/other", "url", "https://hv1:5986/other"),
        "remote_user": ("somebody", "username", "somebody"),
        "remote_password": ("another", "password", "another"),
        "transport": ("credssp", "auth", "credssp"),
        "kerberos_mode": ("manual", "gets_ticket", False),
        "connection_timeout": (120, "read_timeout", 130.0),
        "ca_trust_path": ("/etc/ca.pem", "ca_trust_path", "/etc/ca.pem"),
        "cert_pem": ("/c.pem", "cert_pem", "/c.pem"),
        "cert_key_pem": ("/k.pem", "cert_key_pem", "/k.pem"),
        "credssp_disable_tlsv1_2": (True, "credssp_disable_tlsv1_2", True),
        "kerberos_delegation": ("yes", "kerberos_delegation", True),
        "kerberos_hostname_override": ("hv1.example.com", "kerberos_hostname_override", "hv1.example.com"),
        "message_encryption": ("always", "message_encryption", "always"),
        "proxy": ("http://proxy:3128", "proxy", "http://proxy:3128"),
        "read_timeout_sec": (100, "read_timeout", 100.0),
        "send_cbt": (False, "send_cbt", False),
        "server_cert_validation": ("ignore", "verify_certificate", False),
        "service": ("WSMAN", "service", "WSMAN"),
    },
    "psrp": {
        "remote_addr": ("10.0.0.9", "url", "https://10.0.0.9:5986/wsman"),
        "port": (15986, "url", "https://hv1:15986/wsman"),
        "protocol": ("http", "url", "http://hv1:5985/wsman"),
        "path": ("other", "url", "https://hv1:5986/other"),
        "remote_user": ("somebody", "username", "somebody"),
        "remote_password": ("another", "password", "another"),
        "auth": ("credssp", "auth", "credssp"),
        "cert_validation": ("ignore", "verify_certificate", False),
        "ca_cert": ("/etc/ca.pem", "ca_trust_path", "/etc/ca.pem"),
        "connection_timeout": (7, "connect_timeout", 7.0),
        "read_timeout": (100, "read_timeout", 100.0),
        "message_encryption": ("always", "message_encryption", "always"),
        "proxy": ("http://proxy:3128", "proxy", "http://proxy:3128"),
        "certificate_pem": ("/c.pem", "cert_pem", "/c.pem"),
        "certificate_key_pem": ("/k.pem", "cert_key_pem", "/k.pem"),
        "credssp_auth_mechanism": ("ntlm", "credssp_auth_mechanism", "ntlm"),
        "credssp_disable_tlsv1_2": (True, "credssp_disable_tlsv1_2", True),
        "credssp_minimum_version": (5, "credssp_minimum_version", 5),
        "negotiate_delegate": (True, "kerberos_delegation", True),
        "negotiate_hostname_override": ("hv1.example.com", "kerberos_hostname_override", "hv1.example.com"),
        "negotiate_send_cbt": (False, "send_cbt", False),
        "negotiate_service": ("HTTP", "service", "HTTP"),
    },
}
"""By plugin and option: what an inventory says, the field of the endpoint that it decides, and what that is then."""

NEEDED: dict[str, dict[str, object]] = {
    "kerberos_mode": {"ansible_winrm_transport": "kerberos"},
    "cert_pem": {"ansible_winrm_transport": "certificate", "ansible_winrm_cert_key_pem": "/k.pem"},
    "cert_key_pem": {"ansible_winrm_transport": "certificate", "ansible_winrm_cert_pem": "/c.pem"},
    "certificate_pem": {"ansible_psrp_auth": "certificate", "ansible_psrp_certificate_key_pem": "/k.pem"},
    "certificate_key_pem": {"ansible_psrp_auth": "certificate", "ansible_psrp_certificate_pem": "/c.pem"},
}
"""Variables without which an option would mean nothing."""

REFUSED = {"certificate_key_password"}
"""Options that no value of can work."""

OTHER_VALUES: dict[str, object] = {
    "no_profile": True,
    "kinit_env_vars": ["KRB5_TRACE"],
    "kerberos_command": "/opt/kinit",
    "configuration_name": "Mine",
}


def declared(plugin: str) -> set[str]:
    """Return the options that this release of the plugin has, with the extras that pywinrm has."""
    found = set(constants.config.get_configuration_definitions("connection", connection_of(plugin)._load_name))
    return (found | {row.name for row in _winrm_options.EXTRAS} if plugin == "winrm" else found) - {"_extras"}


def endpoint(plugin: str, **variables: t.Any) -> Endpoint:  # noqa: ANN401
    common = {"ansible_user": "Administrator", "ansible_password": CANARY}
    if plugin == "winrm":
        common["ansible_winrm_transport"] = "ntlm"
    return endpoint_from_connection(connection_of(plugin, **{**common, **variables}), "hv1")


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what Display warns about."""
    heard: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, **_: heard.append(text))
    return heard


@pytest.mark.parametrize(("plugin", "option"), [(plugin, option) for plugin, rows in EXPECTED.items() for option in rows])
def test_option_reaches_the_endpoint(plugin: str, option: str, warnings: list[str]) -> None:
    said, setting, expected = EXPECTED[plugin][option]
    row = next(row for row in TABLES[plugin] if row.name == option)
    # Without the option the endpoint must be another one.
    before = getattr(endpoint(plugin, **({} if option.startswith("cert") else NEEDED.get(option, {}))), setting)
    found = getattr(endpoint(plugin, **NEEDED.get(option, {}), **{row.variable: said}), setting)
    assert (row.setting, found) == (setting, expected)
    assert found != before
    assert warnings == []


@pytest.mark.parametrize(
    ("plugin", "row"),
    [(plugin, row) for plugin, row in ROWS if row.why and row.name in declared(plugin)],
    ids=lambda part: part.name if isinstance(part, Option) else part,
)
def test_option_without_effect_says_why_in_the_same_words_for_every_host(plugin: str, row: Option, warnings: list[str]) -> None:
    for _host in range(2):
        endpoint(plugin, **{row.variable: OTHER_VALUES.get(row.name, 7)})
    assert set(warnings) == {f"{row.variable} has no effect on the tasks of cluster_aware.updating: {row.why}"}


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_defaults_of_options_without_effect_are_silent(plugin: str, warnings: list[str]) -> None:
    endpoint(plugin)
    assert warnings == []


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_every_option_of_the_plugin_has_a_row(plugin: str) -> None:
    assert declared(plugin) <= {row.name for row in TABLES[plugin]}


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_option_of_another_release_of_the_plugin_is_not_set(plugin: str) -> None:
    row = Option("of_another_release", "ansible_of_another_release", None)
    assert values_of(connection_of(plugin), [row]) == {}


def test_client_key_with_a_password_gets_a_sentence() -> None:
    with pytest.raises(ConnectionOptionError, match="a client key with a password cannot be used") as caught:
        settings_of(_psrp_options.OPTIONS, {"certificate_key_password": CANARY}, "hv1")
    assert CANARY not in caught.value.sentence()


def test_every_argument_of_pywinrm_has_a_row() -> None:
    arguments = set(inspect.signature(winrm.Protocol.__init__).parameters)
    assert arguments - _winrm_options.NOT_EXTRAS == {row.name for row in _winrm_options.EXTRAS}


@pytest.mark.parametrize(("plugin", "row"), ROWS, ids=lambda part: part.name if isinstance(part, Option) else part)
def test_every_row_is_right(plugin: str, row: Option) -> None:
    settings = {field.name for field in fields(Endpoint)}
    assert row.setting is None or (row.setting in settings and row.name in {*EXPECTED[plugin], *REFUSED})
    assert not (row.setting and row.why)


@pytest.mark.parametrize(
    ("plugin", "variable"),
    sorted({(plugin, row.variable) for plugin, row in ROWS if row.setting or row.why}),
)
def test_every_variable_is_on_the_page(plugin: str, variable: str) -> None:
    assert f"`{variable}`" in PAGE.read_text(encoding="utf-8"), plugin


def test_words_of_pywinrm_for_the_environment_leave_it_out() -> None:
    found = endpoint("winrm", ansible_winrm_proxy="legacy_requests", ansible_winrm_ca_trust_path="legacy_requests")
    assert (found.proxy, found.ca_trust_path) == (None, None)


def test_unknown_extra_gives_the_warning_of_core(warnings: list[str]) -> None:
    endpoint("winrm", ansible_winrm_no_such_thing="x")
    (text,) = warnings
    assert "ansible_winrm_no_such_thing unsupported by pywinrm" in text


@pytest.mark.parametrize(
    ("variables", "gets_ticket"),
    [
        ({}, True),
        ({"ansible_winrm_kinit_mode": "manual"}, False),
        ({"ansible_winrm_kinit_mode": "managed"}, True),
        ({"ansible_password": ""}, False),
        ({"ansible_winrm_transport": "ntlm"}, False),
    ],
    ids=str,
)
def test_kerberos_asks_for_a_ticket_when_there_is_a_password(variables: dict[str, t.Any], gets_ticket: bool) -> None:
    assert endpoint("winrm", **{"ansible_winrm_transport": "kerberos", **variables}).gets_ticket is gets_ticket


def test_managed_kerberos_without_password_gets_a_sentence() -> None:
    connection = connection_of(ansible_user="a@B", ansible_winrm_transport="kerberos", ansible_winrm_kinit_mode="managed")
    with pytest.raises(ConnectionOptionError, match="kerberos needs a password"):
        endpoint_from_connection(connection, "hv1")


def test_kerberos_needs_neither_user_nor_password() -> None:
    found = endpoint_from_connection(connection_of(ansible_winrm_transport="kerberos"), "hv1")
    assert (found.username, found.gets_ticket) == (None, False)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "https://hv1:5986/wsman"),
        ({"ansible_port": 5985}, "http://hv1:5985/wsman"),
        ({"ansible_port": 15985}, "https://hv1:15985/wsman"),
        ({"ansible_psrp_protocol": "http"}, "http://hv1:5985/wsman"),
        ({"ansible_psrp_protocol": "https"}, "https://hv1:5986/wsman"),
        ({"ansible_psrp_protocol": "http", "ansible_port": 80}, "http://hv1:80/wsman"),
        ({"ansible_host": "fd00::5"}, "https://[fd00::5]:5986/wsman"),
        ({"ansible_psrp_path": "/deep/wsman"}, "https://hv1:5986/deep/wsman"),
    ],
    ids=str,
)
def test_url_of_psrp_follows_the_rules_of_core(variables: dict[str, t.Any], url: str) -> None:
    assert endpoint("psrp", **variables).url == url


@pytest.mark.parametrize(
    ("variables", "has_kerberos", "auth"),
    [
        ({}, True, "ntlm"),
        ({"ansible_user": "a@B"}, True, "kerberos"),
        ({"ansible_user": "a@B"}, False, "ntlm"),
        ({"ansible_password": ""}, False, "kerberos"),
        ({"ansible_user": "B\\a"}, True, "ntlm"),
        ({"ansible_psrp_auth": "kerberos"}, False, "kerberos"),
    ],
    ids=str,
)
def test_negotiate_is_decided_by_what_the_user_wrote(
    variables: dict[str, t.Any], has_kerberos: bool, auth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_psrp_options, "trouble_with", lambda _auth: None if has_kerberos else ("missing", "install it"))
    assert endpoint("psrp", **variables).auth == auth


@pytest.mark.parametrize(
    ("plugin", "variables", "words"),
    [
        ("psrp", {"ansible_psrp_auth": "basic", "ansible_psrp_message_encryption": "always"}, "the transport basic has none"),
        ("psrp", {"ansible_psrp_connection_timeout": 0}, "ansible_psrp_connection_timeout must be a number of seconds above 0"),
        ("psrp", {"ansible_psrp_auth": "certificate", "ansible_psrp_certificate_pem": "/c.pem"}, "needs two files"),
        ("winrm", {"ansible_winrm_transport": "certificate"}, "needs two files"),
        ("winrm", {"ansible_winrm_transport": "ssl", "ansible_winrm_cert_key_pem": "/k.pem"}, "needs two files"),
    ],
    ids=str,
)
def test_option_that_cannot_work_gets_a_sentence(plugin: str, variables: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ConnectionOptionError, match=words):
        endpoint(plugin, **variables)


@given(st.ip_addresses(v=6))
def test_ipv6_address_stands_in_brackets(address: object) -> None:
    assert service_url("http", str(address), 5985, "/wsman") == f"http://[{address}]:5985/wsman"
