# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Samba in processes of its own: the file server of the hotfix root folders, on a loopback address and a high port."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import typing as t
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools import debian

from . import nt_acl
from .nt_acl import Ace
from .processes import Child, clean_environment, kill, start, stop

PORT = 10445
START_SECONDS = 30.0
PACKAGES = ("samba", "samba-vfs-modules", "libnss-wrapper", "libuid-wrapper")

ADMINISTRATOR = "fileadmin"
USER = "reader"
PASSWORDS = {ADMINISTRATOR: "Adm1n-of-files", USER: "Re4der-of-files"}

FORBIDS_ENCRYPTION = {"server smb encrypt": "off"}
SMB1_ONLY = {"server min protocol": "NT1", "server max protocol": "NT1"}
UNSIGNED_GUESTS = {"server signing": "disabled", "map to guest": "Bad User"}

_MODULES_AT = "/proc/self/fd/9"


class SambaError(Exception):
    """Samba did not start."""


class Programs(t.NamedTuple):
    """Where the programs and modules of Samba are, and what they find their libraries with."""

    smbd: Path
    smbpasswd: Path
    net: Path
    dcerpcd: Path
    modules: Path
    environment: Mapping[str, str]


def unpacked_programs() -> Programs:
    """Return the programs of the unpacked packages.

    Raises:
        DebianError: they cannot be unpacked.
    """
    root = debian.unpack(PACKAGES)
    modules = next(root.glob("usr/lib/*/samba"))
    libraries = os.pathsep.join(map(str, (_patched_library(modules.parent), modules.parent, modules)))
    return Programs(
        root / "usr/sbin/smbd",
        root / "usr/bin/smbpasswd",
        root / "usr/bin/net",
        root / "usr/libexec/samba/samba-dcerpcd",
        modules,
        {"LD_LIBRARY_PATH": libraries},
    )


def _patched_library(libraries: Path) -> Path:
    """Return a folder with the one library that names the folder of the modules, in which it names a descriptor that smbd inherits.

    The folder of the modules is compiled in, Samba takes no other, and it refuses modules by absolute paths.
    """
    folder = debian.FOLDER / "moved"
    library = folder / "libsamba-util.so.0"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        compiled = b"/usr/lib/" + libraries.name.encode() + b"/samba\0"
        text = (libraries / library.name).read_bytes().replace(compiled, _MODULES_AT.encode().ljust(len(compiled), b"\0"))
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(text)
        Path(file.name).replace(library)
    return folder


class Samba:
    """A Samba and its files: smb.conf, smbd.log and one folder per share in its directory.

    Args:
        directory: where its files go; the file system has to keep extended attributes of users.
        options: further global options of smb.conf.
    """

    def __init__(self, directory: Path, options: Mapping[str, str] | None = None) -> None:
        self.directory = directory.resolve()
        self.options = dict(options or {})
        self.address = ""
        self.port = PORT
        self._shares: dict[str, dict[str, str]] = {}
        self._programs: Programs | None = None
        self._sockets: str | None = None
        self._processes: list[Child] = []

    def __enter__(self) -> t.Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def share(self, name: str, encryption: str = "default", options: Mapping[str, str] | None = None) -> Path:
        """Offer a share with NT ACLs, also while the server runs; a new connection sees it.

        Args:
            name: of the share.
            encryption: default, desired, required or off.
            options: further options of the share.

        Returns:
            Its folder.
        """
        folder = self.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        self._shares[name] = {"path": str(folder), "read only": "no", "server smb encrypt": encryption, **(options or {})}
        self._write_settings()
        nt_acl.write(folder, nt_acl.ADMINISTRATORS, OPEN_ROOT)
        return folder

    def folder(self, share: str) -> Path:
        """Return the folder of a share."""
        return self.directory / "shares" / share

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            SambaError: it ended, or did not answer in time.
        """
        self._programs = unpacked_programs()
        self._sockets = tempfile.mkdtemp(prefix="samba-")
        # Two servers that start at the same time would both make these, and the loser gives up.
        folders = [self.directory / name for name in ("private", "state", "cache", "shares")]
        for folder in (*folders, *(Path(self._sockets) / name for name in ("lock", "pid", "rpc"))):
            folder.mkdir(parents=True, exist_ok=True)
        self.address = free_address(self.port)
        self._write_settings()
        self._write_users()
        common = ["-F", "--no-process-group", "-s", str(self.directory / "smb.conf")]
        helpers = self._programs.dcerpcd.parent
        services = [str(helpers / name) for name in ("rpcd_lsad", "rpcd_classic")]
        # The shell gives the server the folder of its modules as descriptor 9.
        opened = ["/bin/sh", "-c", f'exec {_MODULES_AT.rpartition("/")[2]}<"$0" && exec "$@"', str(self._programs.modules)]
        commands = {"dcerpcd": [self._programs.dcerpcd, *common, *services], "smbd": [self._programs.smbd, *common]}
        for name, command in commands.items():
            output = self.directory / f"{name}.out"
            self._processes.append(start([*opened, *map(str, command)], environment=self._environment(), directory=self.directory, output=output))
        self._wait()

    def stop(self) -> None:
        """Stop the server as an administrator would."""
        while self._processes:
            stop(self._processes.pop())
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def vanish(self) -> None:
        """End the server in the middle of everything, as when its machine loses power."""
        while self._processes:
            kill(self._processes.pop())

    def log(self) -> str:
        """Return what the server said."""
        paths = [self.directory / name for name in ("smbd.out", "dcerpcd.out", "smbd.log")]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths if path.exists())

    def set_acl(self, share: str, relative: str, owner: str = nt_acl.ADMINISTRATORS, aces: Iterable[Ace] = ()) -> None:
        """Give a file or folder of a share a security descriptor.

        Args:
            share: name of the share.
            relative: path below its folder, empty for the folder itself.
            owner: SID of the owner.
            aces: the entries of its discretionary list.
        """
        nt_acl.write(self.folder(share) / relative, owner, aces)

    def lock_down(self, share: str) -> None:
        """Give a share and everything below what a hotfix root folder needs (cau.md 6.3)."""
        root = self.folder(share)
        for path in (root, *root.rglob("*")):
            nt_acl.write(path, nt_acl.ADMINISTRATORS, LOCKED_FOLDER if path.is_dir() else LOCKED_FILE)

    def _environment(self) -> Mapping[str, str]:
        assert self._programs
        return clean_environment(
            self.directory,
            {
                **self._programs.environment,
                "LD_PRELOAD": "libnss_wrapper.so libuid_wrapper.so",
                "NSS_WRAPPER_PASSWD": str(self.directory / "passwd"),
                "NSS_WRAPPER_GROUP": str(self.directory / "group"),
                "UID_WRAPPER": "1",
                "UID_WRAPPER_ROOT": "1",
            },
        )

    def _write_settings(self) -> None:
        own = self.directory
        settings = {
            "server role": "standalone server",
            "netbios name": "FILES",
            "workgroup": "REHEARSAL",
            "interfaces": f"{self.address}/8",
            "bind interfaces only": "yes",
            "smb ports": str(self.port),
            "disable netbios": "yes",
            "private dir": f"{own}/private",
            "state directory": f"{own}/state",
            "cache directory": f"{own}/cache",
            "lock directory": f"{self._sockets}/lock",
            "pid directory": f"{self._sockets}/pid",
            "ncalrpc dir": f"{self._sockets}/rpc",
            "log file": f"{own}/smbd.log",
            "passdb backend": "tdbsam",
            "rpc start on demand helpers": "no",
            "load printers": "no",
            "printcap name": "/dev/null",
            "disable spoolss": "yes",
            "host msdfs": "no",
            "vfs objects": "acl_xattr",
            "acl_xattr:ignore system acls": "yes",
            "acl_xattr:security_acl_name": nt_acl.ATTRIBUTE,
            **self.options,
        }
        lines = []
        for section, rows in {"global": settings, **self._shares}.items():
            lines += [f"[{section}]", *(f"  {name} = {value}" for name, value in rows.items())]
        # Samba reads it again when a client connects: it never sees half of it.
        temporary = own / "smb.conf.new"
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        temporary.replace(own / "smb.conf")

    def _write_users(self) -> None:
        assert self._programs
        names = {"root": 0, "nobody": 65534, **{name: 70001 + number for number, name in enumerate(PASSWORDS)}}
        users = "".join(f"{name}:x:{number}:{number}:{name}:/:/bin/false\n" for name, number in names.items())
        groups = "".join(f"{name}:x:{number}:\n" for name, number in names.items())
        groups += f"administrators:x:70101:{ADMINISTRATOR}\nusers:x:70102:{','.join(PASSWORDS)}\n"
        (self.directory / "passwd").write_text(users, encoding="utf-8")
        (self.directory / "group").write_text(groups, encoding="utf-8")
        settings = str(self.directory / "smb.conf")
        for name, password in PASSWORDS.items():
            self._run([str(self._programs.smbpasswd), "-c", settings, "-s", "-a", name], f"{password}\n{password}\n")
        for group, sid in (("administrators", nt_acl.ADMINISTRATORS), ("users", nt_acl.USERS)):
            self._run([str(self._programs.net), "-s", settings, "groupmap", "add", f"sid={sid}", f"unixgroup={group}", "type=builtin"])

    def _run(self, command: list[str], said: str = "") -> None:
        answer = subprocess.run(
            command,
            input=said,
            check=False,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self.directory,
            timeout=START_SECONDS,
        )
        if answer.returncode:
            raise SambaError(f"{Path(command[0]).name} ended with {answer.returncode}: {(answer.stdout + answer.stderr)[-2000:]}")

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection((self.address, self.port), timeout=1):
                return
            for process in self._processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=0.02)
                    raise SambaError(f"Samba ended with {code}: {self.log()[-2000:]}")
            if time.monotonic() > deadline:
                raise SambaError(f"Samba did not answer after {START_SECONDS:.0f} s: {self.log()[-2000:]}")


def free_address(port: int) -> str:
    """Return a loopback address on which nobody listens at a port."""
    dice = random.SystemRandom()
    for _attempt in range(200):
        address = f"127.{dice.randint(16, 254)}.{dice.randint(0, 254)}.{dice.randint(1, 254)}"
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, port))
            return address
    raise SambaError("no loopback address is free")


LOCKED_FOLDER = (
    Ace(nt_acl.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL, nt_acl.INHERIT),
    Ace(nt_acl.ALLOW, nt_acl.SYSTEM, nt_acl.FULL, nt_acl.INHERIT),
    Ace(nt_acl.ALLOW, nt_acl.CREATOR_OWNER, nt_acl.FULL, nt_acl.INHERIT | nt_acl.INHERIT_ONLY),
    Ace(nt_acl.ALLOW, nt_acl.USERS, nt_acl.READ_EXECUTE, nt_acl.INHERIT),
)
LOCKED_FILE = tuple(Ace(ace.kind, ace.sid, ace.mask) for ace in LOCKED_FOLDER if not ace.flags & nt_acl.INHERIT_ONLY)
OPEN_ROOT = (Ace(nt_acl.ALLOW, nt_acl.EVERYONE, nt_acl.FULL, nt_acl.INHERIT),)
