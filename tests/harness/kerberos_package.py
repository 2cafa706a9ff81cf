# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python package for Kerberos, which neither the collection nor the twin needs: built into the build folder for the tests alone.

It is an extension in C. What it is compiled with is the machine's own, or unpacked from Debian's packages beside it.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools import debian

from .processes import CHECKOUT

# 1.2.4 is the last release, and 1.2 the first that can seal messages for WinRM.
REQUIREMENT = "pykerberos >= 1.2.4"
SECONDS = 300.0


class PackageError(Exception):
    """The package could not be built."""


def search_path() -> str:
    """Return what PYTHONPATH has to be so that pykerberos is found: the checkout, and the folder with the package when it is needed.

    Raises:
        PackageError: it could not be built.
        DebianError: what it is compiled with could not be unpacked.
    """
    if importlib.util.find_spec("kerberos") is not None:
        return str(CHECKOUT)
    folder = CHECKOUT / "build" / "kerberos" / str(sys.implementation.cache_tag)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _build(folder)
    return os.pathsep.join((str(CHECKOUT), str(folder)))


def _build(folder: Path) -> None:
    new = folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    answer = subprocess.run(
        [*command, "--cache-dir", str(CHECKOUT / "build" / "pip"), "--no-binary", "pykerberos", "--target", str(new), REQUIREMENT],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, **_compiler_environment()},
    )
    if answer.returncode:
        raise PackageError(f"{REQUIREMENT} could not be built: {(answer.stdout + answer.stderr)[-2000:]}")
    new.rename(folder)


def _compiler_environment() -> Mapping[str, str]:
    """Return what the compiler has to know when the header files are not the machine's own."""
    if shutil.which("krb5-config") is not None:
        return {}
    root = debian.unpack(["libkrb5-dev"])
    includes, libraries = root / "usr/include", next(root.glob("usr/lib/*-linux-gnu*"))
    return {
        "PATH": f"{root}/usr/bin{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "CPATH": f"{includes}{os.pathsep}{includes}/mit-krb5",
        "LIBRARY_PATH": f"{libraries}{os.pathsep}{libraries}/mit-krb5",
        # A machine without Kerberos has to find the unpacked libraries again when the package is used.
        "LDFLAGS": f"-Wl,-rpath,{libraries}",
    }
