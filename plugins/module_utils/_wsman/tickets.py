# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos tickets by password: asked for in this process and kept in its memory, so that no file and no other process ever holds one.

pywinrm signs in with whatever ticket is there and ignores passwords (pywinrm-streaming.md 3). MIT's library asks for one here, the very
library that pykerberos has loaded, instead of a kinit that writes a file; each thread is told which tickets to use.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
import time
import typing as t

from .endpoint import Endpoint
from .errors import AuthenticationError

# Seconds before its end from which on a ticket is not begun with: long enough for a sign-in, short against any life of a ticket.
_MARGIN = 300.0

_KDC_UNREACHABLE = -1765328228  # KRB5_KDC_UNREACH
_NO_SUCH_REALM = frozenset({-1765328230, -1765328160})  # KRB5_REALM_UNKNOWN, KRB5_CONFIG_NODEFREALM
_CLOCK_SKEW = -1765328347  # KRB5KRB_AP_ERR_SKEW
_EXPIRED = frozenset({-1765328361, -1765328383})  # KRB5KDC_ERR_KEY_EXP, KRB5KDC_ERR_NAME_EXP


class _KeyBlock(ctypes.Structure):
    _fields_: t.ClassVar = [("magic", ctypes.c_int32), ("kind", ctypes.c_int32), ("length", ctypes.c_uint), ("contents", ctypes.c_void_p)]


class _Credentials(ctypes.Structure):
    """The head of krb5_creds, with room for the rest of it."""

    _fields_: t.ClassVar = [
        ("magic", ctypes.c_int32),
        ("client", ctypes.c_void_p),
        ("server", ctypes.c_void_p),
        ("keyblock", _KeyBlock),
        ("authtime", ctypes.c_int32),
        ("starttime", ctypes.c_int32),
        ("endtime", ctypes.c_uint32),
        ("renew_till", ctypes.c_int32),
        ("rest", ctypes.c_char * 512),
    ]


class _KerberosError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class _Purse(t.NamedTuple):
    """The tickets of one user."""

    name: bytes
    end: float


_lock = threading.Lock()
_purses: dict[tuple[str, str, bool], _Purse] = {}


def choose_ticket(endpoint: Endpoint) -> None:
    """Let this thread sign in with the right ticket: one that is asked for by password when the endpoint says so, else what is there.

    Args:
        endpoint: of a host that is reached by Kerberos.

    Raises:
        AuthenticationError: the ticket could not be had.
    """
    library = _library()
    if not endpoint.gets_ticket:
        _use(library, None)
        return
    user, password = endpoint.username or "", endpoint.password or ""
    key = (user, password, endpoint.kerberos_delegation)
    with _lock:
        purse = _purses.get(key)
        if purse is None or purse.end - _MARGIN < time.time():
            try:
                purse = _purses[key] = _ask(library, user, password, f"MEMORY:cluster_aware_updating_{len(_purses)}", key[2])
            except _KerberosError as error:
                raise _failure(error, endpoint) from None
            except AttributeError:
                raise AuthenticationError(
                    "the Kerberos library of this machine is not MIT's, and cannot be asked for a ticket by password",
                    node=endpoint.name,
                    remedy="Run kinit before, and set no password for the host",
                ) from None
    _use(library, purse.name)


def _library() -> ctypes.CDLL:
    """Return the library that pykerberos works with, found through pykerberos itself."""
    return ctypes.CDLL(importlib.import_module("kerberos").__file__)


def _use(library: ctypes.CDLL, name: bytes | None) -> None:
    """Set the tickets of this thread; None means those of the environment."""
    minor = ctypes.c_uint32()
    if hasattr(library, "gss_krb5_ccache_name"):
        library.gss_krb5_ccache_name(ctypes.byref(minor), name, None)


def _ask(library: ctypes.CDLL, user: str, password: str, name: str, is_forwardable: bool) -> _Purse:
    """Ask the KDC for a ticket and put it into a cache in memory.

    Raises:
        _KerberosError: it was not given.
    """
    library.krb5_get_error_message.restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    context, principal, cache, options = pointer(), pointer(), pointer(), pointer()
    credentials = _Credentials()

    def check(code: int) -> None:
        if code:
            text = library.krb5_get_error_message(context, code)
            said = ctypes.string_at(text).decode("utf-8", "replace")
            library.krb5_free_error_message(context, pointer(text))
            raise _KerberosError(code, said)

    by = ctypes.byref
    check(library.krb5_init_context(by(context)))
    try:
        check(library.krb5_parse_name(context, user.encode(), by(principal)))
        check(library.krb5_cc_resolve(context, name.encode(), by(cache)))
        check(library.krb5_get_init_creds_opt_alloc(context, by(options)))
        if is_forwardable:
            library.krb5_get_init_creds_opt_set_forwardable(options, 1)
        check(library.krb5_get_init_creds_opt_set_out_ccache(context, options, cache))
        check(library.krb5_get_init_creds_password(context, by(credentials), principal, password.encode(), None, None, 0, None, options))
        end = float(credentials.endtime)
        library.krb5_free_cred_contents(context, by(credentials))
    finally:
        if options:
            library.krb5_get_init_creds_opt_free(context, options)
        if cache:
            library.krb5_cc_close(context, cache)
        if principal:
            library.krb5_free_principal(context, principal)
        library.krb5_free_context(context)
    return _Purse(name.encode(), end)


def _failure(error: _KerberosError, endpoint: Endpoint) -> AuthenticationError:
    if error.code == _KDC_UNREACHABLE or error.code in _NO_SUCH_REALM:
        remedy = "Write the user as user@REALM, and check the realm and its KDC in /etc/krb5.conf or DNS"
    elif error.code == _CLOCK_SKEW:
        remedy = "Let the clocks of the controller and the domain controllers agree"
    elif error.code in _EXPIRED:
        remedy = "Set a new password for the account, or extend it"
    else:
        remedy = "Check user, realm (in capital letters) and password"
    return AuthenticationError(
        f"Kerberos gave no ticket for {endpoint.username}: {str(error).rstrip('.')}", node=endpoint.name, remedy=remedy
    )
