# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates, made anew at every start: one for the twin's HTTPS endpoints, and one for each user that signs in with it."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_LOCAL_DOMAIN = "@localhost"
# Short enough for a length of one byte, and safe as the name of a file.
_LOCAL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def make_certificate(directory: Path, addresses: Sequence[str], names: Sequence[str] = ()) -> tuple[Path, Path]:
    """Write a certificate and its private key, and return both paths.

    The certificate is its own authority: the same file serves clients as trust anchor.

    Args:
        directory: existing folder for the two PEM files.
        addresses: IP addresses the certificate is valid for.
        names: DNS names it is valid for, besides localhost.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twin of a failover cluster")])
    alternatives: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(address)) for address in dict.fromkeys(addresses)]
    alternatives += [x509.DNSName(name) for name in dict.fromkeys(["localhost", *names])]
    builder = _begin(subject, subject, key, alternatives, ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _write(directory, "twin", certificate, key)


def make_client_certificates(certificate: Path, key: Path, users: Iterable[str]) -> None:
    """Write a certificate and its private key for each user, beside the twin's own, by which they are signed.

    They are named twin-USER-certificate.pem and twin-USER-key.pem; the user stands in them as Windows wants it (wsman-cim.md 9): as a user
    principal name of a local account.

    Args:
        certificate: the twin's certificate.
        key: its private key.
        users: names; those that are no names of local accounts get none.
    """
    authority = x509.load_pem_x509_certificate(certificate.read_bytes())
    authority_key = serialization.load_pem_private_key(key.read_bytes(), None)
    for user in users:
        if not _LOCAL_NAME.fullmatch(user):
            continue
        own_key = ec.generate_private_key(ec.SECP256R1())
        principal = b"\x0c" + bytes([len(user) + len(_LOCAL_DOMAIN)]) + f"{user}{_LOCAL_DOMAIN}".encode("ascii")
        names = [x509.OtherName(_PRINCIPAL_NAME, principal)]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user)])
        builder = _begin(subject, authority.subject, own_key, names, ExtendedKeyUsageOID.CLIENT_AUTH)
        signed = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)  # type: ignore[arg-type]
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .sign(authority_key, hashes.SHA256())  # type: ignore[arg-type]
        )
        _write(certificate.parent, f"twin-{user}", signed, own_key)


def user_of_certificate(der: bytes) -> str | None:
    """Return the local account that a client's certificate names, None when it names none.

    Args:
        der: the certificate, whose signature TLS has checked.
    """
    try:
        names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    principals = [
        name.value[2:].decode("utf-8", "replace") for name in names.get_values_for_type(x509.OtherName) if name.type_id == _PRINCIPAL_NAME
    ]
    user = principals[0] if principals else ""
    return user.removesuffix(_LOCAL_DOMAIN) if user.endswith(_LOCAL_DOMAIN) else None


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    names: Sequence[x509.GeneralName],
    *usages: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    # The machine's own clock decides, not twin time: TLS libraries know no other.
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    )


def _write(directory: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    certificate_path, key_path = directory / f"{name}-certificate.pem", directory / f"{name}-key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    descriptor = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return certificate_path, key_path


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
