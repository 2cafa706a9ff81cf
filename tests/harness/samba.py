# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Samba in processes of its own: the file server of the hotfix root folders, on a loopback address and a high port.

It runs in the same way for root and for an ordinary user. Debian's nss_wrapper gives it users and groups of its own, uid_wrapper lets it
believe that it may become each of them, and the NT ACLs, which alone decide about access, are kept in extended attributes of users. Proven
with Samba 4.17 both as root and as an ordinary user by tests/samba: ACLs with any SID as owner or trustee, read back and enforced; signing
and encryption demanded, offered and not spoken; guests without signing; SMB 1 alone; referrals of DFS; names for SIDs over LSA.

What it cannot do: be a member of a domain, speak Kerberos, give an authenticated client a connection of SMB 3.1.1 without signing, or
listen at port 445 as an ordinary user.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import tempfile
import time
import typing as t
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import nt_acl
from .nt_acl import Ace
from .processes import LONGEST_FOLDER, Child, clean_environment, kill, start, stop
from .samba_programs import MODULES_DESCRIPTOR, Programs, find_programs

PORT = 10445
START_SECONDS = 30.0
NAME = "FILES"

ADMINISTRATOR = "fileadmin"
"""A member of the local groups Administrators and Users."""
USER = "reader"
"""A member of the local group Users."""
PASSWORDS = {ADMINISTRATOR: "Adm1n-of-files", USER: "Re4der-of-files"}

FORBIDS_ENCRYPTION = {"server smb encrypt": "off"}
SMB1_ONLY = {"server min protocol": "NT1", "server max protocol": "NT1"}
SMB2_ONLY = {"server max protocol": "SMB2_10"}
"""Signing without encryption, as Windows Server 2008 R2 has it."""
UNSIGNED_GUESTS = {"server signing": "disabled", "map to guest": "Bad User", "guest ok": "yes"}
"""Whoever is not known becomes a guest, whose session has no key to sign or encrypt with."""


class SambaError(Exception):
    """Samba did not start."""


class Samba:
    """A Samba and its files: smb.conf, smbd.log and one folder per share in its directory.

    Args:
        directory: where its files go; the file system has to keep extended attributes of users.
        options: further global options of smb.conf, such as FORBIDS_ENCRYPTION.
    """

    def __init__(self, directory: Path, options: Mapping[str, str] | None = None) -> None:
        self.directory = directory.resolve()
        self.options = dict(options or {})
        self.address = free_address(PORT)
        self.port = PORT
        self._shares: dict[str, dict[str, str]] = {}
        self._processes: list[Child] = []
        # A socket's path has little room.
        self._run = self.directory / "run"
        if len(str(self._run)) > LONGEST_FOLDER:
            self._run = Path(tempfile.gettempdir()) / f"samba-{self.address}"

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
        """Offer a share that everybody may change, before the start or while the server runs; who connects from then on sees it.

        Args:
            name: of the share.
            encryption: default (as the client likes), desired, required or off.
            options: further options of the share.

        Returns:
            Its folder.
        """
        folder = self.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            nt_acl.write(folder, nt_acl.ADMINISTRATORS, OPEN)
        except OSError as error:
            raise SambaError(f"{folder} takes no extended attributes ({error.strerror}); set TMPDIR to a folder that does") from error
        self._shares[name] = {"path": str(folder), "read only": "no", "server smb encrypt": encryption, **(options or {})}
        self._write_settings()
        return folder

    def dfs_root(self, name: str, links: Mapping[str, str]) -> Path:
        """Offer a DFS namespace of its own; see `share` for the rest.

        Args:
            name: of the share that is the root.
            links: by the name of each link, the share of this server that it leads to.
        """
        folder = self.share(name, options={"msdfs root": "yes"})
        for link, target in links.items():
            (folder / link).symlink_to(f"msdfs:{self.address}\\{target}")
        return folder

    def folder(self, share: str) -> Path:
        """Return the folder of a share."""
        return self.directory / "shares" / share

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            SambaError: it ended, or did not answer in time.
            DebianError: there is no Samba, and none could be unpacked.
        """
        programs = find_programs()
        # Two servers that start at the same time would both make these, and the loser gives up.
        folders = [self.directory / name for name in ("private", "state", "cache", "shares")]
        for folder in (*folders, *(self._run / name for name in ("lock", "pid", "rpc"))):
            folder.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        # After an end the same users come back.
        if not (self.directory / "passwd").exists():
            self._write_users(programs)
        common = ["-F", "--no-process-group", "-s", self._settings]
        # smbd would start the server of LSA itself, but only from where it was built for.
        services = [str(programs.dcerpcd.parent / name) for name in ("rpcd_lsad", "rpcd_classic")]
        self._start(programs, "dcerpcd", [str(programs.dcerpcd), *common, *services])
        self._start(programs, "smbd", [str(programs.smbd), *common])
        self._wait(socket.AF_UNIX, str(self._run / "rpc" / "np" / "lsarpc"))
        self._wait(socket.AF_INET, (self.address, self.port))

    def stop(self) -> None:
        """Stop the server as an administrator would."""
        while self._processes:
            stop(self._processes.pop())
        shutil.rmtree(self._run, ignore_errors=True)

    def vanish(self) -> None:
        """End the server in the middle of everything, as when its machine loses power."""
        while self._processes:
            kill(self._processes.pop())

    def log(self) -> str:
        """Return what the server said."""
        paths = [self.directory / name for name in ("smbd.out", "dcerpcd.out", "smbd.log")]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths if path.exists())

    def set_acl(self, share: str, relative: str, owner: str = nt_acl.ADMINISTRATORS, aces: Iterable[Ace] = ()) -> None:
        """Give a file or folder of a share a security descriptor that inherits nothing.

        Args:
            share: name of the share.
            relative: path below its folder, empty for the folder itself.
            owner: SID of the owner.
            aces: the entries of its discretionary list.
        """
        nt_acl.write(self.folder(share) / relative, owner, aces)

    def lock_down(self, share: str) -> None:
        """Give a share and everything that is below it now what a hotfix root folder needs (cau.md 6.3)."""
        root = self.folder(share)
        for path in (root, *root.rglob("*")):
            nt_acl.write(path, nt_acl.ADMINISTRATORS, LOCKED_FOLDER if path.is_dir() else LOCKED_FILE)

    @property
    def _settings(self) -> str:
        return str(self.directory / "smb.conf")

    def _start(self, programs: Programs, name: str, command: list[str]) -> None:
        opened = ["/bin/sh", "-c", f'exec {MODULES_DESCRIPTOR}<"$0" && exec "$@"', str(programs.modules)]
        output = self.directory / f"{name}.out"
        environment = self._environment(programs)
        self._processes.append(start([*opened, *command], environment=environment, directory=self.directory, output=output))

    def _environment(self, programs: Programs) -> Mapping[str, str]:
        wrapped = {
            "LD_PRELOAD": "libnss_wrapper.so libuid_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(self.directory / "passwd"),
            "NSS_WRAPPER_GROUP": str(self.directory / "group"),
            "UID_WRAPPER": "1",
            "UID_WRAPPER_ROOT": "1",
        }
        return clean_environment(self.directory, {**programs.environment, **wrapped})

    def _write_settings(self) -> None:
        own = self.directory
        settings = {
            "server role": "standalone server",
            "netbios name": NAME,
            "workgroup": "REHEARSAL",
            "interfaces": f"{self.address}/8",
            "bind interfaces only": "yes",
            "smb ports": str(self.port),
            "disable netbios": "yes",
            "private dir": f"{own}/private",
            "state directory": f"{own}/state",
            "cache directory": f"{own}/cache",
            "lock directory": f"{self._run}/lock",
            "pid directory": f"{self._run}/pid",
            "ncalrpc dir": f"{self._run}/rpc",
            "log file": f"{own}/smbd.log",
            "passdb backend": "tdbsam",
            "rpc start on demand helpers": "no",
            "load printers": "no",
            "printcap name": "/dev/null",
            "disable spoolss": "yes",
            "host msdfs": "yes" if any("msdfs root" in rows for rows in self._shares.values()) else "no",
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
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        temporary.replace(self._settings)

    def _write_users(self, programs: Programs) -> None:
        names = {"root": 0, "nobody": 65534, **{name: 70001 + number for number, name in enumerate(PASSWORDS)}}
        users = "".join(f"{name}:x:{number}:{number}:{name}:/:/bin/false\n" for name, number in names.items())
        groups = "".join(f"{name}:x:{number}:\n" for name, number in names.items())
        groups += f"administrators:x:70101:{ADMINISTRATOR}\nusers:x:70102:{','.join(PASSWORDS)}\n"
        (self.directory / "passwd").write_text(users, encoding="utf-8")
        (self.directory / "group").write_text(groups, encoding="utf-8")
        for name, password in PASSWORDS.items():
            self._tell(programs, [str(programs.smbpasswd), "-c", self._settings, "-s", "-a", name], f"{password}\n{password}\n")
        for group, sid in (("administrators", nt_acl.ADMINISTRATORS), ("users", nt_acl.USERS)):
            mapping = ["groupmap", "add", f"sid={sid}", f"unixgroup={group}", "type=builtin"]
            self._tell(programs, [str(programs.net), "-s", self._settings, *mapping])

    def _tell(self, programs: Programs, command: list[str], said: str = "") -> None:
        answer = subprocess.run(
            command,
            input=said,
            check=False,
            capture_output=True,
            text=True,
            env=self._environment(programs),
            cwd=self.directory,
            timeout=START_SECONDS,
        )
        if answer.returncode:
            raise SambaError(f"{Path(command[0]).name} ended with {answer.returncode}: {(answer.stdout + answer.stderr)[-2000:]}")

    def _wait(self, family: socket.AddressFamily, address: str | tuple[str, int]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with socket.socket(family) as probe, contextlib.suppress(OSError):
                probe.settimeout(1)
                probe.connect(address)
                return
            for process in self._processes:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=0.01)
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


OPEN = (Ace(nt_acl.ALLOW, nt_acl.EVERYONE, nt_acl.FULL, nt_acl.INHERIT),)
LOCKED_FOLDER = (
    Ace(nt_acl.ALLOW, nt_acl.ADMINISTRATORS, nt_acl.FULL, nt_acl.INHERIT),
    Ace(nt_acl.ALLOW, nt_acl.SYSTEM, nt_acl.FULL, nt_acl.INHERIT),
    Ace(nt_acl.ALLOW, nt_acl.CREATOR_OWNER, nt_acl.FULL, nt_acl.INHERIT | nt_acl.INHERIT_ONLY),
    Ace(nt_acl.ALLOW, nt_acl.USERS, nt_acl.READ_EXECUTE, nt_acl.INHERIT),
)
LOCKED_FILE = tuple(Ace(ace.kind, ace.sid, ace.mask) for ace in LOCKED_FOLDER if not ace.flags & nt_acl.INHERIT_ONLY)
