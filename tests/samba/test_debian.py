# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How packages are unpacked, with an apt and a dpkg that are scripts."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path

import pytest

from tests.harness.samba_programs import find_programs
from tools.debian import DebianError, unpack

APT = """#!/bin/sh
echo "$*" >>"$TOLD"
case "$*" in
*--print-uris*) echo "'http://debian/pool/x_1.deb' x_1.deb 10 MD5Sum:0" ;;
esac
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/bin" && echo "$2" >"$3/usr/bin/x"
"""
APT_WITHOUT_NETWORK = """#!/bin/sh
case "$*" in
*update*) echo "W: Failed to fetch http://debian/InRelease" >&2 ;;
*) echo "E: Unable to locate package x" >&2; exit 100 ;;
esac
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the scripts in front of the machine's own; return the file of what apt-get was told."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"apt-get": APT, "dpkg-deb": DPKG_DEB, "apt-config": "#!/bin/sh\n"}.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    return tmp_path / "told"


def test_package_that_is_missing_is_fetched_and_unpacked(tmp_path: Path, told: Path) -> None:
    folder = tmp_path / "debian"
    root = unpack(["x"], folder)
    assert (root / "usr/bin/x").read_text(encoding="utf-8").strip() == str(folder / "apt/cache/archives/x_1.deb")


def test_package_that_is_there_costs_no_call(tmp_path: Path, told: Path) -> None:
    unpack(["x"], tmp_path / "debian")
    told.unlink()
    unpack(["x"], tmp_path / "debian")
    assert not told.exists()


def test_two_at_the_same_time_fetch_once(tmp_path: Path, told: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(unpack, [["x"]] * 2, [tmp_path / "debian"] * 2))) == 1
    assert told.read_text(encoding="utf-8").count("--download-only") == 1


def test_machine_without_apt_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DebianError, match=r"no apt-get.*: apt-get install samba$"):
        unpack(["samba"], tmp_path / "debian")


def test_network_that_is_away_is_named_and_nothing_counts_as_unpacked(tmp_path: Path, told: Path) -> None:
    script = tmp_path / "bin" / "apt-get"
    working = script.read_text(encoding="utf-8")
    script.write_text(APT_WITHOUT_NETWORK, encoding="utf-8")
    with pytest.raises(DebianError, match="Failed to fetch http://debian/InRelease"):
        unpack(["x"], tmp_path / "debian")
    script.write_text(working, encoding="utf-8")
    assert (unpack(["x"], tmp_path / "debian") / "usr/bin/x").exists()


def test_samba_of_the_machine_is_preferred(tmp_path: Path) -> None:
    modules = "usr/lib/x86_64-linux-gnu/samba"
    wrappers = [f"usr/lib/x86_64-linux-gnu/lib{name}_wrapper.so" for name in ("nss", "uid")]
    programs = ["usr/sbin/smbd", "usr/bin/smbpasswd", "usr/bin/net", "usr/libexec/samba/samba-dcerpcd"]
    for name in [f"{modules}/vfs/acl_xattr.so", *wrappers, *programs]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = find_programs(tmp_path)
    assert (found.smbd, found.modules, found.environment) == (tmp_path / "usr/sbin/smbd", tmp_path / modules, {})
