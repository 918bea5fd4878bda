"""How callers verify the certificate of a gateway that no authority of their system vouches for. Pure."""

import base64
import hashlib
import shlex

from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_pem_x509_certificate

from nexdeck.models.trust import TrustKind
from nexdeck.services.docs.interface import CallerInterface

CERTIFICATE_FILE = "gateway.pem"


def curl_options(interface: CallerInterface) -> list[str]:
    """Of a pinned certificate only the key counts, whatever names are in it: curl gives up when it is another."""
    if interface.trust.kind is TrustKind.CA:
        return [f"--cacert {CERTIFICATE_FILE}"]
    if interface.trust.kind is TrustKind.PIN:
        return [f"--insecure --pinnedpubkey {shlex.quote(f'sha256//{_key_hash(interface.trust.certificate)}')}"]
    return []


def python_lines(interface: CallerInterface) -> list[str]:
    if not interface.trust.certificate:
        return []
    lines = [f'tls = ssl.create_default_context(cafile="{CERTIFICATE_FILE}")']
    if interface.trust.kind is TrustKind.PIN:
        lines.append("tls.check_hostname = False  # no other certificate than this one is accepted")
    return lines


def how_to_save_it(interface: CallerInterface) -> str:
    return f"Save its certificate: nexdeck gateways certificate {interface.gateway} -o {CERTIFICATE_FILE}"


def for_node(interface: CallerInterface) -> str:
    return f" and set NODE_EXTRA_CA_CERTS={CERTIFICATE_FILE}." if interface.trust.certificate else ""


def _key_hash(certificate: str) -> str:
    """The SHA-256 of a certificate's public key, as curl takes it."""
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    plain = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(plain).digest()).decode()
