"""Certificates with which the services of a local stack know each other (mutual TLS)."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pinstack_local import private_files

OPERATOR: Final = "operator"
"""Whose certificate commands have that a person runs."""

_AUTHORITY: Final = "ca"
_AUTHORITY_LIFE: Final = timedelta(days=90)
_LIFE: Final = timedelta(days=14)
_RENEWED_BEFORE: Final = timedelta(days=2)
_BACKDATED: Final = timedelta(minutes=5)
_UNUSED: Final = dict.fromkeys(
    (
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure(folder: Path, names: Iterable[str], hosts: Sequence[str]) -> list[str]:
    """Have a certificate in `folder` for each name, signed by a CA of its own there.

    A certificate is for its name, `localhost` and `hosts` (addresses or names), as server and as
    client, for two weeks. Returns the names of those that were made: missing, of another CA, for
    other hosts or about to expire. All files have mode 0600.
    """
    authority = _read(folder, _AUTHORITY)
    made = []
    if authority is None or _is_ending(authority, _LIFE + _RENEWED_BEFORE):
        authority = _new_authority()
        _write(folder, _AUTHORITY, authority)
        made.append(_AUTHORITY)
    for name in names:
        wanted = _subject_names([name, "localhost", *hosts])
        if not _serves(_read(folder, name), authority, wanted):
            _write(folder, name, _issue(authority, name, wanted))
            made.append(name)
    return made


def variables(folder: Path, name: str) -> dict[str, str]:
    """GRPC_TLS_CERT, GRPC_TLS_KEY and GRPC_TLS_CA of a service."""
    return {
        "GRPC_TLS_CERT": str(_certificate_file(folder, name)),
        "GRPC_TLS_KEY": str(_key_file(folder, name)),
        "GRPC_TLS_CA": str(_certificate_file(folder, _AUTHORITY)),
    }


def _new_authority() -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name("Pinstack local CA")
    usage = x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **_UNUSED)
    certificate = (
        _dated(_AUTHORITY_LIFE)
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _issue(authority: _Pair, name: str, wanted: x509.SubjectAlternativeName) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **_UNUSED)
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    signer = authority.key.public_key()
    certificate = (
        _dated(_LIFE)
        .subject_name(_name(name))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(wanted, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _dated(life: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _BACKDATED).not_valid_after(now + life)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _subject_names(hosts: Iterable[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(host) for host in dict.fromkeys(hosts)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _serves(pair: _Pair | None, authority: _Pair, wanted: x509.SubjectAlternativeName) -> bool:
    """Whether a certificate will do: of this CA, for these hosts, and for some days yet."""
    if pair is None or _is_ending(pair, _RENEWED_BEFORE):
        return False
    names = pair.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    key_id = pair.certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    own = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key())
    return names.value == wanted and key_id.value.key_identifier == own.digest


def _is_ending(pair: _Pair, within: timedelta) -> bool:
    return pair.certificate.not_valid_after_utc < datetime.now(UTC) + within


def _certificate_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.pem"


def _key_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


def _read(folder: Path, name: str) -> _Pair | None:
    certificate, key = _certificate_file(folder, name), _key_file(folder, name)
    if not certificate.exists() or not key.exists():
        return None
    private = cast(
        ec.EllipticCurvePrivateKey, load_pem_private_key(key.read_bytes(), password=None)
    )
    return _Pair(x509.load_pem_x509_certificate(certificate.read_bytes()), private)


def _write(folder: Path, name: str, pair: _Pair) -> None:
    key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private_files.write(_key_file(folder, name), key.decode())
    certificate = pair.certificate.public_bytes(Encoding.PEM)
    private_files.write(_certificate_file(folder, name), certificate.decode())
