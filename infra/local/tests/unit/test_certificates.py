"""The certificates of a local stack."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store
from pinstack_local import certificates

HOST = "127.0.0.1"


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


def test_each_name_gets_a_certificate_that_the_authority_has_signed(tmp_path: Path) -> None:
    assert certificates.ensure(tmp_path, ["user-service", "operator"], [HOST]) == [
        "ca",
        "user-service",
        "operator",
    ]
    policy = PolicyBuilder().store(Store([certificate(tmp_path, "ca")]))
    for name in ("user-service", "operator"):
        verifier = policy.build_server_verifier(x509.DNSName(name))
        verifier.verify(certificate(tmp_path, name), [])
        assert policy.build_client_verifier().verify(certificate(tmp_path, name), []).subjects


def test_a_certificate_is_short_lived_and_good_for_nothing_else(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, ["user-service"], [HOST])
    made = certificate(tmp_path, "user-service")
    assert made.not_valid_after_utc < datetime.now(UTC) + timedelta(days=15)
    found = made.extensions
    assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = found.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert set(found.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["user-service", "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == [HOST]
    assert isinstance(made.public_key(), ec.EllipticCurvePublicKey)


def test_nobody_else_can_read_any_of_the_files(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, ["user-service"], [HOST])
    files = [*tmp_path.iterdir()]
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_what_is_there_stays_until_it_fits_no_more(tmp_path: Path) -> None:
    names = ["user-service", "operator"]
    certificates.ensure(tmp_path, names, [HOST])
    assert certificates.ensure(tmp_path, names, [HOST]) == []
    (tmp_path / "operator.key").unlink()
    assert certificates.ensure(tmp_path, names, [HOST]) == ["operator"]
    assert certificates.ensure(tmp_path, names, ["192.0.2.1"]) == names
    (tmp_path / "ca.pem").unlink()
    assert certificates.ensure(tmp_path, names, ["192.0.2.1"]) == ["ca", *names]
