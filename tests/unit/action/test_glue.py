# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values, lines, process identity and stop requests."""

from __future__ import annotations

import enum
import importlib
import logging
import os
import signal
import sys
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._display import DisplayProgress, progress_line
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._process import is_running, process_identity
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._stop import StoppedError, quiet_libraries, stop_signals
from ansible_collections.cluster_aware.updating.plugins.plugin_utils._values import one_line, plain, scrubbed
from hypothesis import given
from hypothesis import strategies as st


class Colour(enum.IntEnum):
    DARK_RED = 1


class Word(enum.StrEnum):
    NOT_NOW = "not now"


@dataclass(frozen=True)
class Record:
    when: datetime
    colours: tuple[Colour, ...]


def test_plain_makes_records_and_enumerations_readable() -> None:
    record = Record(datetime(2026, 1, 2, tzinfo=UTC), (Colour.DARK_RED,))
    assert plain({"a": record, "b": Word.NOT_NOW}) == {"a": {"when": "2026-01-02T00:00:00+00:00", "colours": ["dark_red"]}, "b": "not now"}


def test_plain_keeps_none_and_booleans() -> None:
    assert plain([None, True, timedelta(minutes=1), {3, 1}]) == [None, True, 60.0, [1, 3]]


def marked(value: object) -> object:
    """Return the value as Ansible hands it on: of a subclass, which is a tagged type from ansible-core 2.19 on."""
    try:
        tags = importlib.import_module("ansible.module_utils._internal._datatag._tags")
    except ImportError:
        return type("Marked", (type(value),), {})(value)
    found: object = tags.Deprecated(msg="a tag").tag(value)
    return found


@pytest.mark.parametrize("value", ["text", 7, 1.5])
def test_plain_takes_ansible_tags_off(value: object) -> None:
    tagged = marked(value)
    assert type(tagged) is not type(value)
    assert type(plain(tagged)) is type(value)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_plain_leaves_plain_values_as_they_are(value: object) -> None:
    assert plain(value) == value


def test_scrubbed_takes_secrets_out_of_the_middle_of_a_text() -> None:
    assert "hunter2" not in repr(scrubbed({"a": ["said hunter2 aloud"]}, {"hunter2", ""}))


@given(st.text())
def test_one_line_is_printable(text: str) -> None:
    assert one_line(text).isprintable()


def test_line_of_a_node_has_the_columns_of_the_design() -> None:
    assert progress_line("HV01", "node3", "scan", "nothing left after round 2") == "[node3]        scan      nothing left after round 2"


def test_line_of_the_cluster_has_the_columns_of_the_design() -> None:
    assert progress_line("HV01", None, "lock", "taken") == "[cluster HV01] lock      taken"


def test_secret_is_taken_out_of_lines_and_events() -> None:
    shown: list[str] = []
    secrets: set[str] = set()
    progress = DisplayProgress(shown.append, secrets)
    secrets.add("hunter2")
    progress.say("node1", "scan", "asked with hunter2")
    assert "hunter2" not in shown[0] + repr(progress.events)


def test_control_characters_of_a_node_do_not_reach_the_terminal() -> None:
    shown: list[str] = []
    DisplayProgress(shown.append).say("node1", "scan", "KB1 \x1b[2J\nKB2")
    assert shown[0].isprintable()


def test_process_identity_is_the_same_for_the_same_process() -> None:
    assert process_identity() == process_identity(os.getppid())


def test_process_identity_differs_between_processes() -> None:
    assert process_identity() != process_identity(os.getpid())


def test_process_identity_holds_more_than_the_number() -> None:
    host, boot, number, start = process_identity(os.getpid()).split("/")
    assert number == str(os.getpid())
    assert host
    assert "-" in boot
    assert int(start) > 0


def test_process_is_known_to_run_while_it_does() -> None:
    identity = process_identity(os.getpid())
    host, boot, number, start = identity.split("/")
    assert is_running(identity)
    assert not is_running(f"{host}/{boot}/{number}/{int(start) + 1}")
    assert not is_running(f"elsewhere/{boot}/{number}/{start}")
    assert not is_running(f"{host}/unknown-boot/{number}/{start}")
    assert not is_running("")


def test_worker_whose_playbook_is_gone_stops_at_its_next_check(monkeypatch: pytest.MonkeyPatch) -> None:
    with stop_signals() as stop:
        stop.check()
        monkeypatch.setattr(os, "getppid", lambda: 1)
        with pytest.raises(StoppedError, match="ansible-playbook is gone"):
            stop.check()


def test_signal_ends_the_task_at_its_next_check_only() -> None:
    with stop_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError):
            stop.check()


def test_signal_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals() as stop:
        stop.check()
    assert signal.getsignal(signal.SIGTERM) is before


def test_warning_of_a_library_is_reported_instead_of_printed(capsys: pytest.CaptureFixture[str]) -> None:
    reported: list[str] = []
    with quiet_libraries(reported.append):
        warnings.warn("old certificate", stacklevel=1)
    assert reported == ["UserWarning: old certificate"]
    assert capsys.readouterr().err == ""


def test_log_line_of_a_library_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    own = root.handlers[:]
    try:
        root.handlers.clear()
        with quiet_libraries(sys.stdout.write):
            logging.getLogger("winrm").error("loud")
    finally:
        root.handlers[:] = own
    assert capsys.readouterr().err == ""
