# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identify: what answers here (wsman-cim.md 3.1)."""

from __future__ import annotations

from ..cim import NodeEndpoint
from .names import IDENTITY, SOAP, WSMAN, XML, qualified
from .xml import child, element, serialize

_ANONYMOUS_VERSION = "OS: 0.0.0 SP: 0.0 Stack: 3.0"
_PROFILE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/"


def identify_answer(endpoint: NodeEndpoint, *, is_authenticated: bool, is_tls: bool) -> bytes:
    """Return the answer; an anonymous caller learns no version and no security profiles."""
    root = element(qualified(SOAP, "Envelope"), {"s": SOAP})
    root.set(qualified(XML, "lang"), endpoint.language)
    child(root, SOAP, "Header")
    response = child(child(root, SOAP, "Body"), IDENTITY, "IdentifyResponse", nsmap={"wsmid": IDENTITY})
    child(response, IDENTITY, "ProtocolVersion", WSMAN)
    child(response, IDENTITY, "ProductVendor", "Microsoft Corporation")
    child(response, IDENTITY, "ProductVersion", endpoint.product_version if is_authenticated else _ANONYMOUS_VERSION)
    if is_authenticated:
        profiles = child(response, IDENTITY, "SecurityProfiles")
        for name in ("https/basic", "https/spnego-kerberos") if is_tls else ("http/spnego-kerberos",):
            child(profiles, IDENTITY, "SecurityProfileName", _PROFILE + name)
    return serialize(root)
