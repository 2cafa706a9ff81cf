# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of Ansible's own connection objects, turned into endpoints."""

from __future__ import annotations

import importlib
import typing as t
from types import SimpleNamespace

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible.utils.display import Display
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._connection import (
    endpoint_from_connection,
    open_node,
    peer_connection,
)
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._connection_options import (
    ConnectionOptionError,
    ConnectionTypeError,
)

CANARY = "Canary-4711"

try:
    _tags = importlib.import_module("ansible._internal._datatag._tags")
except ImportError:
    # ansible-core 2.18 has none.
    TAGS: list[t.Any] = []
else:
    TAGS = [_tags.Origin(path="/inventory.yml", line_num=3), _tags.TrustedAsTemplate()]


def tagged(value: t.Any) -> t.Any:  # noqa: ANN401
    """Return the value as Ansible hands it on from an inventory."""
    if isinstance(value, list):
        return [tagged(each) for each in value]
    for tag in TAGS:
        value = tag.tag(value) if isinstance(value, str | int) and not isinstance(value, bool) else value
    return value


def connection_of(name: str = "winrm", **variables: t.Any) -> ConnectionBase:  # noqa: ANN401
    """Return a real connection object, configured from inventory variables as core does it."""
    loaded = connection_loader.get(name, PlayContext(), None)
    every = {"inventory_hostname": "hv1", **{key: tagged(value) for key, value in variables.items()}}
    loaded.set_options(var_options=loaded._resolve_option_variables(every, Templar(DataLoader(), variables=every)))
    return t.cast(ConnectionBase, loaded)


def endpoint_of(**variables: t.Any) -> Endpoint:  # noqa: ANN401
    """Return the endpoint of a winrm host with user and password."""
    return endpoint_from_connection(connection_of(**{"ansible_user": "Administrator", "ansible_password": CANARY, **variables}), "hv1")


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what Display warns about."""
    heard: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, **_: heard.append(text))
    return heard


def test_nothing_set_means_https_and_basic() -> None:
    endpoint = endpoint_of()
    assert endpoint == Endpoint("hv1", "https://hv1:5986/wsman", "ssl", "Administrator", CANARY)
    assert (endpoint.message_encryption, endpoint.read_timeout, endpoint.verify_certificate) == ("auto", 75.0, True)


@pytest.mark.parametrize(
    ("variables", "url", "auth"),
    [
        ({"ansible_port": 5985}, "http://hv1:5985/wsman", "plaintext"),
        ({"ansible_port": "5985"}, "http://hv1:5985/wsman", "plaintext"),
        ({"ansible_port": 15985}, "https://hv1:15985/wsman", "ssl"),
        ({"ansible_port": 15985, "ansible_winrm_scheme": "http"}, "http://hv1:15985/wsman", "plaintext"),
        ({"ansible_winrm_scheme": "http"}, "http://hv1:5986/wsman", "plaintext"),
        ({"ansible_host": "10.0.0.5"}, "https://10.0.0.5:5986/wsman", "ssl"),
        ({"ansible_host": "fd00::5"}, "https://[fd00::5]:5986/wsman", "ssl"),
        ({"ansible_winrm_path": "/other"}, "https://hv1:5986/other", "ssl"),
        ({"ansible_user": "admin@EXAMPLE.COM"}, "https://hv1:5986/wsman", "kerberos"),
        ({"ansible_winrm_transport": "ntlm", "ansible_port": 5985}, "http://hv1:5985/wsman", "ntlm"),
        ({"ansible_winrm_transport": ["credssp"]}, "https://hv1:5986/wsman", "credssp"),
    ],
    ids=str,
)
def test_url_and_method_follow_the_rules_of_core(variables: dict[str, t.Any], url: str, auth: str) -> None:
    endpoint = endpoint_of(**variables)
    assert (endpoint.url, endpoint.auth) == (url, auth)


@pytest.mark.parametrize(
    ("transport", "port", "asked", "expected"),
    [
        ("ntlm", 5985, None, "always"),
        ("kerberos", 5985, "auto", "always"),
        ("credssp", 5985, "always", "always"),
        ("ntlm", 5985, "never", "never"),
        ("ntlm", 5986, None, "auto"),
        ("ntlm", 5986, "always", "always"),
        ("basic", 5985, None, "auto"),
        ("plaintext", 5985, "never", "never"),
    ],
)
def test_messages_on_http_are_sealed_unless_never_was_said(transport: str, port: int, asked: str | None, expected: str) -> None:
    asked_for = {"ansible_winrm_message_encryption": asked} if asked else {}
    assert endpoint_of(ansible_winrm_transport=transport, ansible_port=port, **asked_for).message_encryption == expected


def test_encryption_that_a_method_lacks_is_refused() -> None:
    with pytest.raises(ConnectionOptionError, match="the transport basic has none"):
        endpoint_of(ansible_winrm_transport="basic", ansible_winrm_message_encryption="always")


def test_a_client_certificate_needs_no_password() -> None:
    connection = connection_of(ansible_winrm_cert_pem="/c.pem", ansible_winrm_cert_key_pem="/k.pem", ansible_winrm_transport="certificate")
    endpoint = endpoint_from_connection(connection, "hv1")
    assert (endpoint.auth, endpoint.cert_pem, endpoint.cert_key_pem) == ("certificate", "/c.pem", "/k.pem")


def test_connection_timeout_leaves_ten_seconds_for_the_answer() -> None:
    assert endpoint_of(ansible_winrm_connection_timeout=120, ansible_winrm_read_timeout_sec=30).read_timeout == 130.0


def test_of_several_transports_the_first_counts_and_says_so(warnings: list[str]) -> None:
    assert endpoint_of(ansible_winrm_transport=["ntlm", "basic"]).auth == "ntlm"
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ansible_winrm_transport": "telnet"}, "there is no transport telnet"),
        ({"ansible_winrm_server_cert_validation": "maybe"}, "server_cert_validation must be one of validate, ignore"),
        ({"ansible_winrm_message_encryption": "sometimes"}, "message_encryption must be one of auto, always, never"),
        ({"ansible_winrm_send_cbt": "perhaps"}, "send_cbt must be true or false"),
        ({"ansible_winrm_read_timeout_sec": "soon"}, "read_timeout_sec must be a number of seconds above 0"),
        ({"ansible_winrm_read_timeout_sec": -5}, "above 0"),
    ],
    ids=str,
)
def test_an_option_that_cannot_work_gets_a_sentence(variables: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ConnectionOptionError, match=words) as caught:
        endpoint_of(**variables)
    assert caught.value.sentence().startswith("hv1: ")


@pytest.mark.parametrize(("variables", "missing"), [({}, "user name"), ({"ansible_user": "a"}, "password")])
def test_missing_credentials_get_a_sentence(variables: dict[str, str], missing: str) -> None:
    with pytest.raises(ConnectionOptionError, match=f"needs a {missing}"):
        endpoint_from_connection(connection_of(ansible_winrm_transport="ntlm", **variables), "hv1")


@pytest.mark.parametrize("name", ["local", "ssh"])
def test_another_connection_type_gets_a_sentence(name: str) -> None:
    with pytest.raises(ConnectionTypeError, match=f"the connection type is {name}") as caught:
        endpoint_from_connection(connection_of(name), "hv1")
    assert "Set ansible_connection to winrm or psrp" in caught.value.sentence()


def test_the_full_name_of_the_plugin_is_the_same_plugin() -> None:
    connection = connection_of(ansible_user="a", ansible_password="b")
    connection._load_name = "ansible.builtin.winrm"
    assert endpoint_from_connection(connection, "hv1").username == "a"


def test_values_are_plain_and_the_password_is_not_shown() -> None:
    endpoint = endpoint_of(ansible_host="10.0.0.5", ansible_winrm_transport="ntlm", ansible_winrm_service="R")
    for value in (endpoint.url, endpoint.auth, endpoint.username, endpoint.password, endpoint.service):
        assert value.__class__ is str
    assert CANARY not in repr(endpoint)


def test_reading_a_connection_does_not_open_it() -> None:
    connection = connection_of(ansible_user="a", ansible_password="b")
    endpoint_from_connection(connection, "hv1")
    assert not connection.connected


def action_with(password: str | None = None, **attributes: t.Any) -> t.Any:  # noqa: ANN401
    """Return what peer_connection needs of an action."""
    play_context = PlayContext()
    play_context.password = password
    task = Task()
    for name, value in attributes.items():
        setattr(task, name, value)
    return SimpleNamespace(_templar=Templar(DataLoader(), variables={}), _play_context=play_context, _task=task)


def peers(**variables: t.Any) -> dict[str, t.Any]:  # noqa: ANN401
    return {"hostvars": {"hv2": {"inventory_hostname": "hv2", **{key: tagged(value) for key, value in variables.items()}}}}


def test_a_peer_has_its_own_options() -> None:
    variables = peers(ansible_connection="winrm", ansible_host="10.0.0.2", ansible_user="two", ansible_password="pw", ansible_port=5985)
    endpoint = endpoint_from_connection(peer_connection(action_with(), variables, "hv2"), "hv2")
    assert (endpoint.url, endpoint.username, endpoint.password) == ("http://10.0.0.2:5985/wsman", "two", "pw")


def test_a_peer_uses_user_and_password_of_the_command_line() -> None:
    action = action_with(CANARY, remote_user="from-u")
    endpoint = endpoint_from_connection(peer_connection(action, peers(ansible_connection="winrm"), "hv2"), "hv2")
    assert (endpoint.username, endpoint.password) == ("from-u", CANARY)


@pytest.mark.parametrize("variable", ["ansible_password", "ansible_ssh_pass"])
def test_a_host_never_lends_its_own_password_to_a_peer(variable: str) -> None:
    action = action_with(CANARY, remote_user="u")
    variables = {variable: CANARY, **peers(ansible_connection="winrm")}
    with pytest.raises(ConnectionOptionError, match="needs a password"):
        endpoint_from_connection(peer_connection(action, variables, "hv2"), "hv2")


def test_a_host_that_is_delegated_to_never_lends_its_own_password_either() -> None:
    action = action_with(CANARY, remote_user="u", delegate_to="hv1")
    variables = {"ansible_delegated_vars": {"hv1": {"ansible_password": CANARY}}, **peers(ansible_connection="winrm")}
    with pytest.raises(ConnectionOptionError, match="needs a password"):
        endpoint_from_connection(peer_connection(action, variables, "hv2"), "hv2")


def test_a_peer_without_a_connection_variable_follows_the_task() -> None:
    action = action_with(CANARY, connection="winrm", remote_user="u")
    assert endpoint_from_connection(peer_connection(action, peers(), "hv2"), "hv2").auth == "ssl"


def test_a_peer_with_a_connection_that_does_not_exist_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_loader, "get", lambda *_: None)
    with pytest.raises(ConnectionTypeError, match="no connection plugin carrier_pigeon"):
        peer_connection(action_with(), peers(ansible_connection="carrier_pigeon"), "hv2")


def test_a_node_is_opened_without_a_message() -> None:
    node = open_node(endpoint_of(), Clock())
    assert (node.name, node.client.name) == ("hv1", "hv1")


@pytest.mark.parametrize("name", ["winrm", "psrp"])
def test_become_has_no_effect_and_says_so(name: str, warnings: list[str]) -> None:
    connection = connection_of(name, ansible_user="a", ansible_password="b")
    connection.set_become_plugin(object())
    assert endpoint_from_connection(connection, "hv1").username == "a"
    (text,) = warnings
    assert text.startswith("become has no effect on the tasks of cluster_aware.updating: they work with the rights of the user")


def test_nothing_is_said_without_become(warnings: list[str]) -> None:
    endpoint_of()
    assert warnings == []
