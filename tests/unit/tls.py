"""A server with a certificate that nobody trusts unless told to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.unit.scripted import Reply, ScriptedServer


@contextmanager
def https_server(certificate: Path, reply: Reply) -> Iterator[str]:
    """
    Answer every request likewise; gives the server's URL.

    :param certificate: folder of :func:`write_certificate`
    :param reply: the answer
    """
    scripted = ScriptedServer()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "server.pem")
    http = scripted._http
    http.socket = context.wrap_socket(http.socket, server_side=True)
    scripted.script = [reply]
    scripted.start()
    try:
        yield f"https://localhost:{http.server_address[1]}"
    finally:
        scripted.stop()


def write_certificate(folder: Path) -> None:
    """Make a certificate for localhost, which is also the CA that signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    signed = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.pem").write_bytes(signed)
    (folder / "server.pem").write_bytes(secret + signed)
