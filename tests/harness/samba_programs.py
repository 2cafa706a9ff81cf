# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Samba is: on the machine, or unpacked from Debian's packages into the build folder.

`python -m tests.harness.samba_programs` gets it before tests and demos that are shut off from the network.
"""

from __future__ import annotations

import os
import sys
import tempfile
import typing as t
from collections.abc import Mapping
from pathlib import Path

from tools import debian

WRAPPERS = ("libnss-wrapper", "libuid-wrapper")
PACKAGES = ("samba", "samba-vfs-modules", *WRAPPERS)

MODULE = "vfs/acl_xattr.so"
"""The module that keeps NT ACLs; a machine whose Samba came without it is as one without Samba."""

_MEND = f"install it and start again: apt-get install {' '.join(PACKAGES)}"

MODULES_DESCRIPTOR = 9
"""The file descriptor by which an unpacked Samba finds its modules."""


class Programs(t.NamedTuple):
    """Where the programs and modules of Samba are, and what they need in their environment."""

    smbd: Path
    smbpasswd: Path
    net: Path
    dcerpcd: Path
    modules: Path
    environment: Mapping[str, str]


def find_programs(machine: Path = Path("/")) -> Programs:
    """Return the machine's own Samba when it has one with NT ACLs, else an unpacked one.

    Args:
        machine: the root folder of the machine.

    Raises:
        DebianError: what is missing could not be unpacked.
    """
    found = _programs_below(machine)
    if found is None:
        root = debian.unpack(PACKAGES)
        found = _programs_below(root)
        if found is None:
            # What dpkg has installed is not unpacked a second time.
            raise debian.DebianError(f"this machine's Samba lacks parts; {_MEND}")
        libraries = [_moved(found.modules), found.modules.parent, found.modules]
    else:
        libraries = [] if _has_wrappers(machine) else [path.parent for path in _libraries(debian.unpack(WRAPPERS), "libnss_wrapper.so")]
    return found._replace(environment={"LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))} if libraries else {})


def _programs_below(root: Path) -> Programs | None:
    """Return the programs below a root folder, None where one of them is missing."""
    modules = [path.parents[1] for path in _libraries(root, f"samba/{MODULE}")]
    helpers = [path for name in ("libexec", "lib", "lib64") if (path := root / "usr" / name / "samba" / "samba-dcerpcd").exists()]
    smbd, smbpasswd, net = (root / "usr" / name for name in ("sbin/smbd", "bin/smbpasswd", "bin/net"))
    if not modules or not helpers or not all(path.exists() for path in (smbd, smbpasswd, net)):
        return None
    return Programs(smbd, smbpasswd, net, helpers[0], modules[0], {})


def _has_wrappers(machine: Path) -> bool:
    return all(_libraries(machine, f"lib{name}_wrapper.so*") for name in ("nss", "uid"))


def _libraries(root: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern in the folders for libraries, those for one architecture included."""
    return [path for folder in ("usr/lib", "usr/lib64", "usr/lib/*-linux-gnu*") for path in root.glob(f"{folder}/{pattern}")]


def _moved(modules: Path) -> Path:
    """Return a folder with a copy of the one library that names the folder of the modules, in which it names an open descriptor.

    The name is compiled in, no option of Samba 4.17 changes it, and `vfs objects` refuses modules by absolute paths.
    """
    folder = debian.FOLDER / "moved"
    library = folder / "libsamba-util.so.0"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        compiled = b"/usr/lib/" + modules.parent.name.encode() + b"/samba\0"
        moved = f"/proc/self/fd/{MODULES_DESCRIPTOR}".encode().ljust(len(compiled), b"\0")
        text = (modules.parent / library.name).read_bytes()
        if compiled not in text:
            raise debian.DebianError(f"the Samba of these packages cannot be moved out of /usr; {_MEND}")
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(text.replace(compiled, moved))
        Path(file.name).replace(library)
    return folder


if __name__ == "__main__":
    try:
        print(f"Samba: {find_programs().smbd}")  # noqa: T201 - a command line
    except debian.DebianError as failure:
        sys.exit(str(failure))
