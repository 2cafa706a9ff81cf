# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What about the controller decides whether a node can be reached: Python, libraries with their versions and problems, Kerberos.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible.release import __version__ as ansible_version

KLIST_SECONDS = 10.0

# What the extras of pywinrm bring, which keeps its version under a name of its own.
_DISTRIBUTIONS = {"pywinrm[credssp]": "requests-credssp", "pywinrm[kerberos]": "pykerberos"}

_DEFAULT_REALM = re.compile(r"^\s*default_realm\s*=\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Library:
    """A Python package that the collection uses on the controller.

    Args:
        package: its name on PyPI, with extras; what pip installs.
        module: what is imported.
        purpose: what it is needed for.
        auth: the methods of signing in that need it; empty when everything needs it.
        is_required: whether a first contact fails without it.
    """

    package: str
    module: str
    purpose: str
    auth: frozenset[str] = frozenset()
    is_required: bool = True

    @property
    def version(self) -> str | None:
        """The version that is installed, None when none is."""
        try:
            return importlib.metadata.version(_DISTRIBUTIONS.get(self.package, self.package))
        except importlib.metadata.PackageNotFoundError:
            return None

    def is_needed_for(self, auth: str | None) -> bool:
        """Return whether a first contact by this method of signing in needs it."""
        return self.is_required and (not self.auth or auth in self.auth)


LIBRARIES = (
    Library("pywinrm", "winrm", "every connection"),
    Library("requests", "requests", "every connection"),
    Library("urllib3", "urllib3", "every connection"),
    Library("defusedxml", "defusedxml.ElementTree", "reading answers"),
    Library("pyspnego", "spnego", "signing in by ntlm and credssp", frozenset({"ntlm", "credssp"})),
    Library("requests-ntlm", "requests_ntlm", "signing in by ntlm", frozenset({"ntlm"})),
    Library("pywinrm[kerberos]", "kerberos", "signing in by kerberos", frozenset({"kerberos"})),
    Library("pywinrm[credssp]", "requests_credssp", "signing in by credssp", frozenset({"credssp"})),
    Library("pypsrp", "pypsrp", "the connection plugin psrp itself", is_required=False),
    Library("cryptography", "cryptography", "telling what a certificate holds", is_required=False),
    Library("jmespath", "jmespath", "the option select", is_required=False),
    Library("smbprotocol", "smbprotocol", "hotfixes", is_required=False),
)


def library_problem(library: Library) -> str | None:
    """Return why a library cannot be imported, None when it can.

    Args:
        library: one of LIBRARIES.
    """
    try:
        importlib.import_module(library.module)
    except Exception as error:  # a library that is broken raises whatever it likes
        return f"{type(error).__name__}: {error}"
    return None


def libraries(auth: str | None) -> list[dict[str, t.Any]]:
    """Return each library with its version and what is wrong with it.

    Args:
        auth: how the host is signed in to, None when that is not known.
    """
    return [
        {
            "package": library.package,
            "version": library.version,
            "needed_for": library.purpose,
            "needed_here": library.is_needed_for(auth),
            "problem": library_problem(library),
        }
        for library in LIBRARIES
    ]


def programs() -> dict[str, str]:
    """Return what runs here, by name, with its version."""
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(),
        "openssl": ssl.OPENSSL_VERSION,
        "ansible_core": ansible_version,
        "collection": collection_version(Path(__file__).parents[2]),
    }


def collection_version(root: Path) -> str:
    """Return the version of the collection, from what ansible-galaxy installed or from the checkout.

    Args:
        root: the folder of the collection.
    """
    manifest, source = root / "MANIFEST.json", root / "galaxy.yml"
    try:
        if manifest.exists():
            return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
        return str(yaml.safe_load(source.read_text(encoding="utf-8"))["version"]) + " (checkout)"
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return "unknown"


def kerberos() -> dict[str, t.Any]:
    """Return realm, ticket cache and tickets of this controller, without any key.

    klist is asked, as it knows every kind of cache (files, kernel keyrings, KCM); its lines hold names and times alone.
    """
    found: dict[str, t.Any] = {
        "configuration": os.environ.get("KRB5_CONFIG", "/etc/krb5.conf"),
        "default_realm": None,
        "cache": os.environ.get("KRB5CCNAME"),
        "principal": None,
        "tickets": [],
        "problem": None,
    }
    # KRB5_CONFIG may name several files, of which the first that says something counts.
    for name in found["configuration"].split(os.pathsep):
        realm = _default_realm(Path(name))
        if realm:
            found["default_realm"] = realm
            break
    return found | _klist()


def _default_realm(path: Path) -> str | None:
    try:
        match = _DEFAULT_REALM.search(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return match.group(1) if match else None


def _klist() -> dict[str, t.Any]:
    program = shutil.which("klist")
    if program is None:
        return {"problem": "the program klist is not installed (Debian: krb5-user, Red Hat: krb5-workstation), so tickets are not told"}
    try:
        english = os.environ | {"LC_ALL": "C"}
        done = subprocess.run([program], env=english, capture_output=True, text=True, errors="replace", timeout=KLIST_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"problem": f"klist gave no answer ({type(error).__name__})"}
    if done.returncode:
        return {"problem": done.stderr.strip() or f"klist ended with {done.returncode}"}
    return read_klist(done.stdout)


def read_klist(text: str) -> dict[str, t.Any]:
    """Return what klist tells, in MIT's form and in Heimdal's.

    Args:
        text: its output, in English.
    """
    found: dict[str, t.Any] = {"tickets": []}
    for line in text.splitlines():
        label, colon, value = line.strip().partition(": ")
        # A line of a ticket ends in the service, and everything before it is about times.
        times, _blank, service = line.strip().rpartition(" ")
        if colon and label in {"Ticket cache", "Credentials cache"}:
            found["cache"] = value.strip()
        elif colon and label in {"Default principal", "Principal"}:
            found["principal"] = value.strip()
        elif "@" in service and times[:1].isalnum() and not colon:
            found["tickets"].append({"service": service, "times": " ".join(times.split())})
    return found
