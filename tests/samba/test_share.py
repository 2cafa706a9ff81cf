# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shares of a real Samba, read as the controller reads them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb import errors
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.records import Ace, AceType, ShareCredentials, ShareEntry
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.share import Share, open_share
from ansible_collections.cluster_aware.updating.plugins.module_utils._smb.unc import parse_unc

from ..harness import nt_acl
from ..harness.samba import ADMINISTRATOR, FORBIDS_ENCRYPTION, PASSWORDS, SMB1_ONLY, UNSIGNED_GUESTS, USER, Samba

ADMIN = ShareCredentials(ADMINISTRATOR, PASSWORDS[ADMINISTRATOR])
READER = ShareCredentials(USER, PASSWORDS[USER])
ODD_NAMES = ["kb 1 (x64).msu", "Größe ßÄ.msi", "cost$.exe", "100%.msu", "%TEMP%.msu", "it's.msp", "a&b;c.exe", "日本.msu"]


def opened(
    samba: Samba, path: str = r"\\fs1\hotfixes", credentials: ShareCredentials = ADMIN, *, require_encryption: bool = False
) -> Share:
    """Open a share; the server's name is one that no resolver knows, as a NetBIOS name is."""
    return open_share(
        parse_unc(path), credentials, host=samba.address, port=samba.port, require_encryption=require_encryption, timeout_seconds=20
    )


def refused(attempt: Callable[[], object]) -> errors.ShareError:
    """What opening or reading was refused with."""
    with pytest.raises(errors.ShareError) as caught:
        attempt()
    return caught.value


@pytest.fixture(scope="module")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    with Samba(tmp_path_factory.mktemp("files") / "samba", {"host msdfs": "yes"}) as server:
        folder = server.share("hotfixes")
        (folder / "CAUHotfix_All").mkdir()
        (folder / "DefaultHotfixConfig.xml").write_bytes(b"<a/>" * 50_000)
        (folder / "empty").mkdir()
        (folder / "names").mkdir()
        for name in ODD_NAMES:
            (folder / "names" / name).write_bytes(name.encode())
        server.lock_down("hotfixes")
        server.share("sealed", encryption="required")
        server.share("open", encryption="off")
        yield server


@pytest.fixture(scope="module")
def share(samba: Samba) -> Iterator[Share]:
    with opened(samba) as made:
        yield made


def test_folder_is_listed_with_files_folders_and_sizes(share: Share) -> None:
    assert sorted(share.list(), key=lambda entry: entry.name) == [
        ShareEntry("CAUHotfix_All", is_directory=True),
        ShareEntry("DefaultHotfixConfig.xml", is_directory=False, size=200_000),
        ShareEntry("empty", is_directory=True),
        ShareEntry("names", is_directory=True),
    ]


def test_empty_folder_has_no_entries(share: Share) -> None:
    assert share.list("empty") == []


def test_odd_names_arrive_as_they_are_and_are_opened_by_them(share: Share) -> None:
    names = [entry.name for entry in share.list("names")]

    assert sorted(names) == sorted(ODD_NAMES)
    assert [share.read(f"names/{name}", 100).decode() for name in names] == names


def test_file_is_read_whole_over_many_messages(share: Share) -> None:
    assert share.read("DefaultHotfixConfig.xml", 200_000) == b"<a/>" * 50_000


def test_file_that_is_longer_than_the_limit_is_refused(share: Share) -> None:
    failure = refused(lambda: share.read("DefaultHotfixConfig.xml", 199_999))

    assert failure.__class__ is errors.FileTooLongError
    assert r"\\fs1\hotfixes\DefaultHotfixConfig.xml has 200000 bytes" in failure.message


def test_connection_is_encrypted_without_being_asked(share: Share) -> None:
    assert (share.dialect, share.is_encrypted, share.is_signed, share.is_dfs) == ("SMB 3.1.1", True, False, False)


def test_permissions_are_those_of_the_file_server(samba: Samba, share: Share) -> None:
    (samba.folder("hotfixes") / "acl.msu").write_bytes(b"x")
    aces = [
        nt_acl.Ace(nt_acl.DENY, nt_acl.EVERYONE, 0x2),
        nt_acl.Ace(nt_acl.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL),
        nt_acl.Ace(nt_acl.ALLOW, nt_acl.CREATOR_OWNER, nt_acl.FULL, nt_acl.INHERIT | nt_acl.INHERIT_ONLY),
    ]
    samba.set_acl("hotfixes", "acl.msu", nt_acl.TRUSTED_INSTALLER, aces)

    found = share.security("acl.msu")
    (samba.folder("hotfixes") / "acl.msu").unlink()

    assert found.owner == nt_acl.TRUSTED_INSTALLER
    assert found.dacl == (
        Ace(AceType.DENY, nt_acl.EVERYONE, 0x2),
        Ace(AceType.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL),
        Ace(AceType.ALLOW, nt_acl.CREATOR_OWNER, nt_acl.FULL, is_inherit_only=True),
    )


def test_permissions_of_the_root_folder_are_read(share: Share) -> None:
    found = share.security()

    assert found.owner == nt_acl.ADMINISTRATORS
    assert nt_acl.USERS in {ace.sid for ace in found.dacl or ()}


@pytest.mark.parametrize(
    ("attempt", "kind", "words"),
    [
        (lambda share: share.read("no.xml", 10), errors.PathNotFoundError, r"\\fs1\hotfixes\no.xml does not exist"),
        (lambda share: share.list(r"no\such"), errors.PathNotFoundError, r"\\fs1\hotfixes\no\such does not exist"),
        (lambda share: share.security("no.xml"), errors.PathNotFoundError, r"\\fs1\hotfixes\no.xml does not exist"),
        (lambda share: share.require_readable("no.xml"), errors.PathNotFoundError, r"\\fs1\hotfixes\no.xml does not exist"),
        (lambda share: share.list("DefaultHotfixConfig.xml"), errors.PathNotFoundError, "is a file where a folder is expected"),
        (lambda share: share.read("CAUHotfix_All", 10), errors.PathNotFoundError, "is a folder where a file is expected"),
        (lambda share: share.list(".."), errors.SharePathError, "leads elsewhere"),
    ],
)
def test_path_that_is_not_there_is_named(share: Share, attempt: Callable[[Share], object], kind: type[Exception], words: str) -> None:
    failure = refused(lambda: attempt(share))

    assert failure.__class__ is kind
    assert words in failure.message


def test_file_that_the_user_may_not_read_is_named(samba: Samba) -> None:
    (samba.folder("hotfixes") / "secret.msu").write_bytes(b"x")
    samba.set_acl("hotfixes", "secret.msu", aces=[nt_acl.Ace(nt_acl.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL)])

    with opened(samba, credentials=READER) as share:
        share.require_readable("DefaultHotfixConfig.xml")
        failure = refused(lambda: share.require_readable("secret.msu"))
    (samba.folder("hotfixes") / "secret.msu").unlink()

    assert failure.__class__ is errors.PathAccessError
    assert failure.message == r"the user may not open \\fs1\hotfixes\secret.msu"


def test_folder_below_the_share_is_the_root(samba: Samba) -> None:
    with opened(samba, "//fs1/hotfixes/names/") as share:
        assert len(share.list()) == len(ODD_NAMES)
        assert share.read("cost$.exe", 100) == b"cost$.exe"


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        (r"\\fs1\nothing", errors.ShareNotFoundError, "the file server fs1 has no share named nothing"),
        (r"\\fs1\hotfixes\nothing", errors.PathNotFoundError, r"\\fs1\hotfixes\nothing does not exist"),
        (
            r"\\fs1\hotfixes\DefaultHotfixConfig.xml",
            errors.PathNotFoundError,
            r"\\fs1\hotfixes\DefaultHotfixConfig.xml is a file where a folder is expected",
        ),
    ],
)
def test_root_folder_that_is_none_is_named(samba: Samba, path: str, kind: type[Exception], message: str) -> None:
    failure = refused(lambda: opened(samba, path))

    assert failure.__class__ is kind
    assert failure.message == message


def test_share_that_is_closed_to_the_user_is_named(samba: Samba) -> None:
    samba.share("closed", options={"valid users": ADMINISTRATOR})

    failure = refused(lambda: opened(samba, r"\\fs1\closed", READER))

    assert failure.__class__ is errors.ShareAccessError
    assert failure.message == r"the user may not use the share \\fs1\closed"


@pytest.mark.parametrize("credentials", [ShareCredentials(ADMINISTRATOR, "Wrong-pass-1"), ShareCredentials("stranger", "Wrong-pass-1")])
def test_wrong_credentials_are_named_without_the_password(samba: Samba, credentials: ShareCredentials) -> None:
    failure = refused(lambda: opened(samba, credentials=credentials))

    assert failure.__class__ is errors.CredentialsError
    assert f"does not know {credentials.username} with this password" in failure.message
    assert "Wrong-pass-1" not in str(failure)


@pytest.mark.parametrize("path", [r"\\fs1\sealed", r"\\fs1\open"])
def test_connection_is_encrypted_whatever_the_share_wants(samba: Samba, path: str) -> None:
    with opened(samba, path, require_encryption=True) as share:
        assert share.is_encrypted
        assert share.list() == []


def test_debug_logs_hold_no_password(samba: Samba, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), opened(samba) as share:
        share.read("DefaultHotfixConfig.xml", 200_000)

    assert "smbprotocol" in {record.name.partition(".")[0] for record in caplog.records}
    password = PASSWORDS[ADMINISTRATOR]
    assert not [form for form in (password, password.encode("utf-16-le").hex(" ").upper()) if form in caplog.text]


def test_names_come_from_windows_and_from_the_file_server(share: Share) -> None:
    # Samba has a SID for each user of its machine; more strangers than one request holds stand before it.
    strangers = [f"S-1-5-21-1-2-3-{number}" for number in range(4000, 4020)]
    asked = [nt_acl.EVERYONE, *strangers, "S-1-22-1-70001", "no SID", "S-1-22-1-70002", "S-1-5-21-1-2-3-513"]

    assert share.names_of(asked) == {
        **{stranger: stranger for stranger in strangers},
        nt_acl.EVERYONE: "Everyone",
        "S-1-22-1-70001": f"Unix User\\{ADMINISTRATOR}",
        "S-1-22-1-70002": f"Unix User\\{USER}",
        "S-1-5-21-1-2-3-513": "Domain Users (S-1-5-21-1-2-3-513)",
        "no SID": "no SID",
    }


def test_names_fall_back_to_sids_when_the_server_is_gone(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Samba(tmp_path_factory.mktemp("files") / "samba") as server:
        server.share("hotfixes")
        with opened(server) as share:
            server.vanish()

            assert share.names_of(["S-1-5-21-1-2-3-1105", nt_acl.USERS]) == {
                "S-1-5-21-1-2-3-1105": "S-1-5-21-1-2-3-1105",
                nt_acl.USERS: "BUILTIN\\Users",
            }


def test_thousands_of_files_take_seconds(samba: Samba) -> None:
    folder = samba.share("many")
    for number in range(2000):
        (folder / f"kb{number:05}.msu").write_bytes(b"x")
    started = time.monotonic()

    with opened(samba, r"\\fs1\many") as share:
        entries = share.list()
        for entry in entries:
            share.security(entry.name)
            share.require_readable(entry.name)

    assert len(entries) == 2000
    assert time.monotonic() - started < 60


def test_server_that_vanishes_in_the_middle_is_told_at_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Samba(tmp_path_factory.mktemp("files") / "samba") as server:
        server.share("hotfixes")
        with opened(server) as share:
            share.list()
            server.vanish()
            failures = [refused(share.list), refused(share.security), refused(lambda: opened(server))]

    assert [type(failure) for failure in failures] == [errors.ShareLostError, errors.ShareLostError, errors.ServerRefusedError]
    assert r"\\fs1\hotfixes" in failures[0].message


@pytest.fixture(scope="module")
def plain_samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    with Samba(tmp_path_factory.mktemp("files") / "samba", FORBIDS_ENCRYPTION) as server:
        (server.share("hotfixes") / "a.msu").write_bytes(b"x")
        yield server


def test_server_without_encryption_is_read_signed(plain_samba: Samba) -> None:
    with opened(plain_samba) as share:
        assert (share.is_encrypted, share.is_signed) == (False, True)
        assert [entry.name for entry in share.list()] == ["a.msu"]


def test_server_without_encryption_is_refused_where_that_is_required(plain_samba: Samba) -> None:
    failure = refused(lambda: opened(plain_samba, require_encryption=True))

    assert failure.__class__ is errors.EncryptionError
    assert "the file server fs1 (127." in failure.message


@pytest.mark.parametrize(
    ("dialect", "shown", "is_encrypted"),
    [("SMB2_02", "SMB 2.0.2", False), ("SMB2_10", "SMB 2.1", False), ("SMB3_00", "SMB 3.0", True), ("SMB3_02", "SMB 3.0.2", True)],
)
def test_each_older_dialect_is_read_and_protected(
    tmp_path_factory: pytest.TempPathFactory, dialect: str, shown: str, is_encrypted: bool
) -> None:
    with Samba(tmp_path_factory.mktemp("files") / "samba", {"server max protocol": dialect}) as server:
        (server.share("hotfixes") / "a.msu").write_bytes(b"x")
        with opened(server) as share:
            assert (share.dialect, share.is_encrypted, share.is_signed) == (shown, is_encrypted, not is_encrypted)
            assert share.read("a.msu", 1) == b"x"
            assert share.security("a.msu").owner is not None


def test_server_with_smb_1_alone_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Samba(tmp_path_factory.mktemp("files") / "samba", SMB1_ONLY) as server:
        server.share("hotfixes")
        failure = refused(lambda: opened(server))

    assert failure.__class__ is errors.OldProtocolError


def test_session_of_a_guest_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Samba(tmp_path_factory.mktemp("files") / "samba", UNSIGNED_GUESTS) as server:
        server.share("hotfixes", options={"guest ok": "yes"})
        failure = refused(lambda: opened(server, credentials=ShareCredentials("stranger", "x")))

    assert failure.__class__ is errors.UnprotectedError
    assert "let stranger in as a guest" in failure.message


@pytest.fixture(scope="module")
def namespace(samba: Samba) -> Samba:
    links = {
        "link": r"fs1\hotfixes",
        "deep": r"fs1\space\link",
        "a": r"fs1\space\b",
        "b": r"fs1\space\a",
        "away": r"fs2\hotfixes",
        "gone": r"fs1\nothing",
    }
    folder = samba.share("space", options={"msdfs root": "yes"})
    (folder / "folder").mkdir()
    for name, target in links.items():
        (folder / name).symlink_to(f"msdfs:{target}")
    samba.dfs_root("by-address", {"link": "hotfixes"})
    return samba


@pytest.mark.parametrize("path", [r"\\fs1\space\link", r"\\fs1\space\deep", r"\\FS1\Space\Link", r"\\fs1\by-address\link"])
def test_link_of_a_namespace_is_followed(namespace: Samba, path: str) -> None:
    with opened(namespace, path) as share:
        assert share.is_dfs
        assert share.read("DefaultHotfixConfig.xml", 200_000)


def test_folder_behind_a_link_is_named_as_the_user_wrote_it(namespace: Samba) -> None:
    with opened(namespace, r"\\fs1\space\link\names") as share:
        assert share.read("cost$.exe", 100) == b"cost$.exe"
        failure = refused(lambda: share.read("no.xml", 1))

    assert failure.message == r"\\fs1\space\link\names\no.xml does not exist"


def test_folder_of_a_namespace_itself_is_read(namespace: Samba) -> None:
    with opened(namespace, r"\\fs1\space") as share:
        entries = {entry.name: entry.is_link for entry in share.list()}
        failure = refused(lambda: share.list("link"))

    assert share.is_dfs
    assert (entries["folder"], entries["link"]) == (False, True)
    assert failure.__class__ is errors.DfsError


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        (r"\\fs1\space\a", errors.DfsError, "leads in a circle"),
        (r"\\fs1\space\away", errors.DfsError, r"\\fs1\space\away leads to \\fs2\hotfixes, which is not followed"),
        (r"\\fs1\space\gone", errors.ShareNotFoundError, "has no share named nothing"),
        (r"\\fs1\space\missing", errors.PathNotFoundError, r"\\fs1\space\missing does not exist"),
        (r"\\fs1\space\link\missing", errors.PathNotFoundError, r"\missing does not exist"),
    ],
)
def test_namespace_that_leads_nowhere_is_told_with_the_place(namespace: Samba, path: str, kind: type[Exception], words: str) -> None:
    failure = refused(lambda: opened(namespace, path))

    assert failure.__class__ is kind
    assert words in failure.message
