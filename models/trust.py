"""How the certificate of a gateway is verified: by the system's authorities, by given ones, or by being the very one.

The control plane and the command line share it, so it needs nothing but the standard library.
"""

import hashlib
import re
import ssl
from dataclasses import dataclass
from enum import StrEnum

EXPIRED, NOT_YET_VALID = 10, 9  # OpenSSL's X509_V_ERR_*
UNKNOWN_ISSUER = (18, 19, 20, 21)
WRONG_NAME = (62, 64)


class TrustKind(StrEnum):
    SYSTEM = "system"
    CA = "ca"
    PIN = "pin"


@dataclass(frozen=True)
class Trust:
    """``certificate`` is PEM: the authorities' for CA, the gateway's own for PIN, empty for SYSTEM."""

    kind: TrustKind = TrustKind.SYSTEM
    certificate: str = ""

    def context(self) -> ssl.SSLContext:
        """It verifies in the handshake, before anything is sent. Raises ValueError or SSLError for what is not PEM."""
        if self.kind is TrustKind.SYSTEM:
            return ssl.create_default_context()
        if self.kind is TrustKind.CA:
            context = ssl.create_default_context(cadata=self.certificate)
        else:
            # The pinned certificate is the only root, so a server without its private key fails the handshake. It is
            # known by itself, whatever names are in it.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.load_verify_locations(cadata=self.certificate)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a root need not be signed by itself
        return context

    @property
    def fingerprint(self) -> str | None:
        """Of the pinned certificate; None unless one is pinned."""
        if self.kind is not TrustKind.PIN:
            return None
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate))


def fingerprint(certificate: bytes) -> str:
    """The SHA-256 of a certificate in DER, as ``openssl x509 -fingerprint -sha256`` prints it: ``AB:CD:…``."""
    return _colons(hashlib.sha256(certificate).digest())


def read_fingerprint(text: str) -> str:
    """As ``fingerprint`` writes it, from whatever form people copy. Raises ValueError."""
    digits = re.sub(r"(?i)^\s*(sha-?256[\s:/=]*)?(fingerprint[\s:=]*)?", "", text)
    digits = re.sub(r"[\s:]", "", digits)
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", digits):
        raise ValueError("it has 64 hexadecimal digits, as `nexdeck gateway` prints it at its start")
    return _colons(bytes.fromhex(digits))


def refusal_in(error: BaseException | None) -> ssl.SSLError | None:
    """The failure of TLS that is at the root of a failed connection, if that is what it was."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def what_is_wrong(error: ssl.SSLError, host: str, trust: Trust, shown: bytes | None = None) -> str:
    """In plain words, with what to do. ``shown`` is the certificate that the server showed, in DER, where known."""
    code = getattr(error, "verify_code", None)
    seen = f" It shows the certificate with the SHA-256 {fingerprint(shown)}." if shown else ""
    if code is None:
        return f"The TLS handshake with it failed ({error.reason or error}). Does it serve HTTPS at that port?"
    if code == EXPIRED:
        return f"Its certificate has expired.{seen} Renew it on the gateway's host, then restart the gateway."
    if code == NOT_YET_VALID:
        return f"Its certificate is not valid yet.{seen} Are the clocks of both hosts right?"
    if code in WRONG_NAME:
        return (
            f"Its certificate is not for the name {host}.{seen} Use a name that is in the certificate, or pin the "
            "certificate after comparing the SHA-256 with the one that the gateway printed at its start."
        )
    if trust.kind is TrustKind.PIN:
        return (
            f"It does not show the pinned certificate ({trust.fingerprint}).{seen} If the gateway "
            "has a new certificate, compare with what it printed at its start and pin the new one; if not, somebody is "
            "between."
        )
    known = "the CA file given" if trust.kind is TrustKind.CA else "the system's authorities"
    return (
        f"Its certificate is not signed by {known}.{seen} Compare that with what the gateway printed at its start, and "
        "if it is the same, pin it; or give the CA's certificate."
    )


def _colons(digest: bytes) -> str:
    return digest.hex(":").upper()
