"""Certificates for tests: an authority that nobody knows, what it signs, and a server that shows one."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


class Authority:
    """``file`` is its own certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the tests")])
        own = self._builder(self._name, self._key, 30).add_extension(x509.BasicConstraints(True, None), critical=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    def sign(self, address: str, *, days: int = 30) -> tuple[Path, Path]:
        """A certificate for an IP address and its key, as files; with ``days`` below zero it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        signed = self._builder(name, key, days).add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        files = self._folder / f"{address}{days}.pem", self._folder / f"{address}{days}.key"
        files[0].write_bytes(_pem(signed))
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
        return files

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - 40 * DAY,
            not_valid_after=now + days * DAY,
        )


@contextmanager
def showing(certificate: Path, key: Path) -> Iterator[int]:
    """A server on 127.0.0.1 that shows the certificate and says nothing. Yields its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(10)
                    try:
                        context.wrap_socket(connection, server_side=True).close()
                    except OSError:
                        continue  # whoever verifies hangs up

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
