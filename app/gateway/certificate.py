"""The gateway's certificate: given as files, or made once and kept in the data folder."""

import datetime
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nexdeck.models.trust import fingerprint

VALID_DAYS = 5 * 365  # whoever pins it has to be told of a new one, so it lasts
SOON_DAYS = 30
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificate:
    """Two files in PEM; ``problem`` says in plain words what to see to soon, if anything."""

    file: Path
    key: Path
    fingerprint: str
    problem: str | None = None


def given(file: Path, key: Path) -> Certificate:
    """Raises ValueError, with what to do, unless both can be read and fit each other."""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(file, key, password=_no_password)
        first = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except ssl.SSLError as error:
        raise ValueError(f"{file} and {key} are no certificate and its key ({error.reason or error})") from error
    except OSError as error:
        raise ValueError(f"{error.filename or file} cannot be read: {error.strerror}") from error
    return Certificate(file, key, fingerprint(first.public_bytes(serialization.Encoding.DER)), _problem(first))


def self_signed(folder: Path, names: set[str]) -> Certificate:
    """The one in the folder, else a new one for those names and addresses. Raises ValueError, or OSError."""
    file, key = folder / "tls.crt", folder / "tls.key"
    if not (file.exists() and key.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(file, key, {*names, socket.gethostname().lower(), *_LOOPBACK})
    return given(file, key)


def _make(file: Path, key: Path, names: set[str]) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nexdeck gateway")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(each) for each in sorted(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(secret.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(secret.public_key()), critical=False)
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    _write(key, secret.private_bytes(serialization.Encoding.PEM, *plain))
    _write(file, builder.sign(secret, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _write(path: Path, content: bytes) -> None:
    """Readable by the owner only, and there as a whole or not at all."""
    beside = path.with_suffix(".writing")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(content)
    os.replace(beside, path)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())


def _problem(certificate: x509.Certificate) -> str | None:
    days = (certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)).days
    if days < 0:
        return "the certificate has expired, so nobody who verifies it will connect; replace it and start again"
    return f"the certificate expires in {days} days" if days < SOON_DAYS else None


def _no_password() -> str:
    raise ssl.SSLError("the key has a password; give one without")
