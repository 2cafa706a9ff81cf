# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpacks Debian packages into build/debian, without installing anything: `python -m tools.debian samba smbclient`.

apt works on lists, archives and settings of its own below build/debian, so that neither root nor a change of the system is needed; what
the machine has already installed is not downloaded again. Several processes may ask at the same time. Once everything is unpacked, the
network is not touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / "build" / "debian"

SECONDS = 300.0
"""The longest that one call of apt-get may take."""


class DebianError(Exception):
    """The packages could not be unpacked; the message is one sentence with the command that installs them instead."""


def unpack(packages: Sequence[str], folder: Path = FOLDER) -> Path:
    """Make sure that packages, and what they depend on beyond the machine's own, are unpacked.

    Args:
        packages: names of Debian packages.
        folder: where everything goes.

    Returns:
        The folder that holds usr/ and so on.

    Raises:
        DebianError: there is no apt, no network or no such package.
    """
    root = folder / "root"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "unpacked.json"
        done: list[str] = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else []
        missing = sorted(set(packages) - set(done))
        if missing:
            for archive in _download(missing, folder):
                unpacked = _run(["dpkg-deb", "-x", str(archive), str(root)])
                if unpacked.returncode:
                    raise DebianError(_sentence(missing, _reason(unpacked)))
            stamp.write_text(json.dumps(sorted({*done, *missing})), encoding="utf-8")
    return root


def _download(packages: Sequence[str], folder: Path) -> list[Path]:
    """Return the archives of the packages and of what they need that is not installed here."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise DebianError(_sentence(packages, "this machine has no apt-get and dpkg-deb"))
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / "apt" / name).mkdir(parents=True, exist_ok=True)
    install = ["apt-get", "-qq", "--yes", "--no-install-recommends", "install", *packages]
    with _private_apt(folder) as environment:
        updated = _run(["apt-get", "-qq", "update"], environment)
        listed = _run([*install, "--print-uris"], environment)
        fetched = listed if listed.returncode else _run([*install, "--download-only"], environment)
    if fetched.returncode:
        # That a package is unknown is mostly the consequence of lists that could not be fetched.
        raise DebianError(_sentence(packages, _reason(updated) or _reason(fetched)))
    names = [line.rsplit("' ", 1)[1].split()[0] for line in listed.stdout.splitlines() if line.startswith("'")]
    return [folder / "apt" / "cache" / "archives" / name for name in names]


@contextlib.contextmanager
def _private_apt(folder: Path) -> Iterator[Mapping[str, str]]:
    """Give apt settings of its own: the machine's sources and ways to the network, but none of its folders, locks and hooks."""
    dumped = subprocess.run(["apt-config", "dump"], check=False, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory(dir=folder) as name:
        # A proxy of the machine may come with a password: the file is for us alone and goes with the folder.
        settings = Path(name) / "apt.conf"
        parts = Path(name) / "parts"
        parts.mkdir()
        lines = [line for line in dumped.splitlines() if line.startswith("Acquire::")]
        lines += [
            f'Dir::State::lists "{folder}/apt/lists";',
            f'Dir::Cache "{folder}/apt/cache";',
            f'Dir::Etc::parts "{parts}";',
            'Dir::Etc::main "/dev/null";',
            'APT::Sandbox::User "";',
            'Debug::NoLocking "true";',
        ]
        settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield {**os.environ, "APT_CONFIG": str(settings), "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", f"E: {error}")


def _reason(answer: subprocess.CompletedProcess[str]) -> str:
    """Return the first thing that went wrong for apt, empty when nothing did."""
    lines = [line.partition(":")[2].strip() for line in answer.stderr.splitlines() if line.startswith(("E:", "W:"))]
    return lines[0] if lines else answer.stderr.strip()


def _sentence(packages: Sequence[str], reason: str) -> str:
    names = " ".join(packages)
    return f"{names} could not be unpacked ({reason.rstrip('.')}); install it and start again: apt-get install {names}"


def main(arguments: Sequence[str]) -> int:
    """Unpack the named packages and print where they are."""
    try:
        print(unpack(arguments))
    except DebianError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
