"""A certificate authority for tests: its own servers, and clients that trust it alone."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Writes what `ssl` wants to read from files into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Test authority")
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        made = (
            _builder(name, name, self._key).add_extension(constraints, critical=True).sign(self._key, hashes.SHA256())
        )
        self._root = folder / "root.pem"
        self._root.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self._name = name

    def client_context(self) -> ssl.SSLContext:
        """Checks as the real one does, but trusts this authority."""
        return ssl.create_default_context(cafile=str(self._root))

    def server_context(self, host: str) -> ssl.SSLContext:
        """A server that can prove to be `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = _builder(_name(host), self._name, key).add_extension(names, critical=False)
        signed = made.sign(self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._folder / f"{host}.pem"
        path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
