# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that keep what was said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._clock import Clock
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman import recording
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.channel import Traffic
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.endpoint import Endpoint
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.kinds import Kind
from ansible_collections.cluster_aware.updating.plugins.module_utils._wsman.recording import Exchange, Recorder


class FakeAnswer:
    status = 200
    is_context_broken = False

    def pieces(self) -> Iterator[bytes]:
        whole = "Grüße".encode()
        yield whole[:3]
        yield whole[3:]


class FakeChannel:
    def __init__(self) -> None:
        self.did: list[str] = []

    def open(self) -> None:
        self.did.append("open")

    def post(self, body: bytes, *, kind: Kind, read_timeout: float) -> FakeAnswer:
        self.did.append(f"post {body!r} {kind.value} {read_timeout}")
        return FakeAnswer()

    def close(self) -> None:
        self.did.append("close")


def test_request_and_answer_are_kept_and_pass_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = FakeChannel()
    monkeypatch.setattr(recording, "open_transport_channel", lambda *_: inner)
    recorder = Recorder()
    channel = recorder.open_channel(Endpoint(name="n", url="http://n:5985/wsman", auth="ntlm"), Clock(), Traffic())
    channel.open()
    answer = channel.post(b"<a/>", kind=Kind.READ, read_timeout=5)
    assert b"".join(answer.pieces()).decode() == "Grüße"
    channel.close()
    assert inner.did == ["open", f"post b'<a/>' {Kind.READ.value} 5", "close"]
    assert recorder.take() == [Exchange("<a/>", 200, "Grüße")]
    assert recorder.take() == []
