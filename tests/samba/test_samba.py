# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Samba of the harness really does, seen by a client of its own."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from smbprotocol.connection import Dialects
from smbprotocol.exceptions import AccessDenied, LogonFailure, SMBConnectionClosed, SMBException
from smbprotocol.open import FilePipePrinterAccessMask

from tests.harness import nt_acl
from tests.harness.nt_acl import ALLOW, DENY, Ace
from tests.harness.samba import (
    ADMINISTRATOR,
    FORBIDS_ENCRYPTION,
    SMB1_ONLY,
    SMB2_ONLY,
    UNSIGNED_GUESTS,
    USER,
    Samba,
)

from . import client

ANYBODY = (nt_acl.EVERYONE, nt_acl.AUTHENTICATED_USERS, nt_acl.SYSTEM, nt_acl.CREATOR_OWNER, nt_acl.ADMINISTRATORS, nt_acl.USERS)


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    with Samba(tmp_path_factory.mktemp("samba")) as server:
        yield server


@pytest.fixture
def share(samba: Samba, request: pytest.FixtureRequest) -> t.Any:  # noqa: ANN401
    """Return the name of a share that only this test has."""
    name = request.node.name.removeprefix("test_")[:40]
    samba.share(name)
    return name


def put(samba: Samba, share: str, name: str, text: bytes = b"text") -> None:
    path = samba.folder(share) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


@pytest.mark.parametrize("owner", [*ANYBODY, nt_acl.TRUSTED_INSTALLER, "S-1-5-21-1-2-3-1104"])
def test_acl_of_any_owner_is_read_back_as_it_was_written(samba: Samba, owner: str) -> None:
    samba.share("owners")
    put(samba, "owners", "a.msu")
    aces = [Ace(DENY, owner, 0x10000), *(Ace(ALLOW, sid, nt_acl.FULL, 0) for sid in (nt_acl.EVERYONE, nt_acl.TRUSTED_INSTALLER))]
    samba.set_acl("owners", "a.msu", owner, aces)
    with client.connected(samba, "owners") as tree:
        assert client.descriptor(tree, "a.msu") == (owner, aces)


def test_folder_with_inherited_entries_is_read_back_with_their_flags(samba: Samba, share: str) -> None:
    samba.lock_down(share)
    with client.connected(samba, share) as tree:
        _owner, aces = client.descriptor(tree, "")
    assert [ace.flags for ace in aces] == [0x3, 0x3, 0xB, 0x3]


def test_locked_share_is_changed_by_administrators_only(samba: Samba, share: str) -> None:
    put(samba, share, "CAUHotfix_All/a.msu")
    samba.lock_down(share)
    with client.connected(samba, share, ADMINISTRATOR) as tree:
        client.write(tree, r"CAUHotfix_All\a.msu", b"TEXT")
    with client.connected(samba, share, USER) as tree:
        assert client.read(tree, r"CAUHotfix_All\a.msu") == b"TEXT"
        with pytest.raises(AccessDenied):
            client.write(tree, r"CAUHotfix_All\a.msu", b"text")


def test_file_without_entry_for_a_user_is_not_readable(samba: Samba, share: str) -> None:
    put(samba, share, "a.msu")
    samba.set_acl(share, "a.msu", aces=[Ace(ALLOW, nt_acl.SYSTEM, nt_acl.FULL)])
    with client.connected(samba, share, USER) as tree, pytest.raises(AccessDenied):
        client.read(tree, "a.msu")


def test_share_of_a_running_server_is_seen_at_once_with_any_name(samba: Samba, share: str) -> None:
    wanted = sorted(["with space.msu", "Prüfung.msu", "$cost 100%.msu", "it's.msu"])
    for name in wanted:
        put(samba, share, name)
    assert client.names(samba, share) == wanted


def test_wrong_password_is_refused(samba: Samba, share: str) -> None:
    with pytest.raises(LogonFailure), client.connected(samba, share, USER, "wrong"):
        pass


def test_share_that_requires_encryption_refuses_a_client_without(samba: Samba) -> None:
    samba.share("secret", "required")
    with client.connected(samba, "secret") as tree:
        assert tree.encrypt_data
    with pytest.raises(AccessDenied), client.connected(samba, "secret", dialect=Dialects.SMB_2_1_0):
        pass


def test_usual_share_leaves_encryption_to_the_client(samba: Samba, share: str) -> None:
    with client.connected(samba, share) as tree:
        assert not tree.encrypt_data
    with client.connected(samba, share, encryption=True) as tree:
        assert tree.session.encrypt_data


@pytest.mark.parametrize("options", [FORBIDS_ENCRYPTION, SMB2_ONLY])
def test_server_without_encryption_signs_and_does_not_encrypt(tmp_path: Path, options: dict[str, str]) -> None:
    with Samba(tmp_path, options) as samba:
        samba.share("plain")
        with client.connected(samba, "plain") as tree:
            assert tree.session.signing_required
        with pytest.raises(SMBException, match="encryption is required"), client.connected(samba, "plain", encryption=True):
            pass


def test_server_of_guests_has_sessions_without_signing(tmp_path: Path) -> None:
    with Samba(tmp_path, UNSIGNED_GUESTS) as samba:
        samba.share("plain")
        put(samba, "plain", "a.msu")
        with client.connected(samba, "plain", "nobody-known", signing=False) as tree:
            assert not tree.session.signing_required
            with pytest.raises(SMBException), client.connected(samba, "plain", "nobody-known"):
                pass


def test_server_of_smb_1_ends_the_connection(tmp_path: Path) -> None:
    with Samba(tmp_path, SMB1_ONLY) as samba:
        samba.share("old")
        with pytest.raises(SMBConnectionClosed), client.connected(samba, "old"):
            pass


def test_link_of_a_dfs_root_leads_to_the_other_share(tmp_path: Path) -> None:
    with Samba(tmp_path) as samba:
        samba.share("target")
        samba.dfs_root("names", {"link": "target"})
        with client.connected(samba, "IPC$") as tree:
            assert client.referral(tree, rf"\{samba.address}\names\link") == [rf"\{samba.address}\target"]
        with client.connected(samba, "names") as tree:
            assert tree.is_dfs_share


def test_started_server_has_the_pipe_that_names_sids(tmp_path: Path) -> None:
    access = FilePipePrinterAccessMask.FILE_READ_DATA | FilePipePrinterAccessMask.FILE_WRITE_DATA
    with Samba(tmp_path) as samba, client.connected(samba, "IPC$") as tree, client.opened(tree, "lsarpc", access) as pipe:
        assert pipe.connected


def test_server_that_vanishes_breaks_the_connection_in_the_middle(tmp_path: Path) -> None:
    with Samba(tmp_path) as samba:
        samba.share("gone")
        put(samba, "gone", "a.msu")
        with client.connected(samba, "gone") as tree:
            assert client.read(tree, "a.msu") == b"text"
            samba.vanish()
            with pytest.raises(SMBConnectionClosed):
                client.read(tree, "a.msu")


def test_server_that_was_stopped_starts_again_with_its_shares(tmp_path: Path) -> None:
    with Samba(tmp_path) as samba:
        samba.share("kept")
        samba.stop()
        samba.start()
        assert client.names(samba, "kept") == []
