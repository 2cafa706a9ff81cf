# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's certificate says about itself, whether or not it is trusted.

Private to this collection; it may change at any time.
"""

from __future__ import annotations

import hashlib
import typing as t

try:
    from cryptography import x509
except ImportError as missing:
    MISSING: str | None = str(missing)
else:
    MISSING = None

UNREAD = {"subject": "unknown", "issuer": "unknown", "names": [], "not_before": "unknown", "not_after": "unknown"}


def certificate_facts(octets: bytes) -> dict[str, t.Any]:
    """Return names and dates of a certificate; what cannot be read is "unknown".

    Args:
        octets: in DER form.
    """
    found = dict(UNREAD) | {"sha256": hashlib.sha256(octets).hexdigest()}
    if MISSING is not None:
        return found
    try:
        certificate = x509.load_der_x509_certificate(octets)
        return found | {
            "subject": certificate.subject.rfc4514_string(),
            "issuer": certificate.issuer.rfc4514_string(),
            "names": _names(certificate),
            "not_before": certificate.not_valid_before_utc.isoformat(),
            "not_after": certificate.not_valid_after_utc.isoformat(),
        }
    except ValueError:
        return found


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found if isinstance(name, x509.DNSName | x509.IPAddress)]
