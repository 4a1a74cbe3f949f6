"""The name in a URL is the name that the certificate must have, whatever address was connected to."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agents.tools.http import network
from agents.tools.http.allowed import VARIABLE
from agents.tools.http.network import GuardedTransport

NAME = "shop.example"


def certificate(folder: Path) -> Path:
    """A certificate for the name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "shop.pem"
    file.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(encoding)
    )
    return file


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says which host was asked for."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(host)}\r\n\r\n{host}".encode())
    await writer.drain()
    writer.close()


async def loopback(host: str, port: int) -> list[str]:
    """Every name is here."""
    del host, port
    return ["127.0.0.1"]


def test_the_name_goes_out_and_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    monkeypatch.setattr(network, "trusted", lambda: ssl.create_default_context(cafile=file))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    seen: list[str | None] = []
    serving.sni_callback = lambda _, name, __: seen.append(name)

    async def ask() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv(VARIABLE, f"127.0.0.1:{port}")
        async with server, httpx2.AsyncClient(transport=GuardedTransport(loopback), trust_env=False) as client:
            said = await client.get(f"https://{NAME}:{port}/")
            assert (said.text, seen) == (f"{NAME}:{port}", [NAME])
            with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(f"https://other.example:{port}/")

    asyncio.run(ask())
