# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which Python package each way to sign in needs, whether it is there and works, and how it is installed.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import importlib
import re
import typing as t
from collections.abc import Mapping

from .endpoint import AuthMethod
from .errors import RequestRefusedError

_HERE = "into the Python environment that runs this"
_BASE = f"Install the packages of the collection's requirements.txt {_HERE}: pip install pywinrm requests urllib3 defusedxml"
_PACKAGES: Mapping[str, str] = {"winrm": "pywinrm", "requests_ntlm": "requests-ntlm"}


class Library(t.NamedTuple):
    """What a way to sign in needs."""

    module: str
    package: str
    function: str
    """What the module must have; another package of the same name lacks it."""

    remedy: str


LIBRARIES: Mapping[AuthMethod, Library] = {
    "kerberos": Library(
        "kerberos",
        "pykerberos",
        "authGSSWinRMEncryptMessage",
        f"Install it {_HERE}: pip install 'pywinrm[kerberos]', which needs a C compiler and libkrb5-dev (Debian, Ubuntu) or krb5-devel "
        "(Red Hat); if the package kerberos is installed, remove it before",
    ),
    "credssp": Library(
        "requests_credssp",
        "requests-credssp",
        "HttpCredSSPAuth",
        f"Install it {_HERE}: pip install 'pywinrm[credssp]', of version 2.0 or later",
    ),
    "ntlm": Library("requests_ntlm", "requests-ntlm", "HttpNtlmAuth", f"Install it {_HERE}: pip install requests-ntlm"),
}


def trouble_with(auth: AuthMethod) -> tuple[str, str] | None:
    """Return what is wrong with the package of a way to sign in and how to mend it, None when nothing is.

    Args:
        auth: the way.
    """
    library = LIBRARIES.get(auth)
    if library is None:
        return None
    try:
        module = importlib.import_module(library.module)
    except ModuleNotFoundError as error:
        if error.name == library.module:
            return f"the Python package {library.package} is missing, and {auth} needs it", library.remedy
        return f"the Python package {library.package}, which {auth} needs, does not work ({error})", library.remedy
    except ImportError as error:
        return f"the Python package {library.package}, which {auth} needs, does not work ({error})", library.remedy
    if not hasattr(module, library.function):
        return f"the Python module {library.module} is not that of {library.package}, which {auth} needs", library.remedy
    return None


def require_library(auth: AuthMethod, node: str) -> None:
    """Make sure that the package of a way to sign in is there.

    Args:
        auth: the way.
        node: for the error.

    Raises:
        RequestRefusedError: it is missing or the wrong one.
    """
    trouble = trouble_with(auth)
    if trouble is not None:
        raise RequestRefusedError(trouble[0], node=node, remedy=trouble[1])


def missing_package(text: str, node: str) -> RequestRefusedError:
    """Return the error for a package without which nothing works.

    Args:
        text: what the import said.
        node: for the error.
    """
    module = re.search(r"No module named '(\w+)", text)
    package = _PACKAGES.get(module[1], module[1]) if module else ""
    message = f"the Python package {package} is missing" if package else f"a Python package does not work ({text})"
    return RequestRefusedError(message, node=node, remedy=_BASE)
