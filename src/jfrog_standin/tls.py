"""The stand-in's own certificates: one that is right, and three that a client has to refuse."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from jfrog_standin.settings import Certificate

CA_FILE = "ca.pem"
KEY_FILE = "ca-key.pem"


class Authority:
    """A test CA, kept in a folder so that a stand-in started there again is trusted by the same file."""

    def __init__(self, folder: Path) -> None:
        self.ca_path = folder / CA_FILE
        key_path = folder / KEY_FILE
        if self.ca_path.exists() and key_path.exists():
            self._ca = trustme.CA.from_pem(self.ca_path.read_bytes(), key_path.read_bytes())
            return
        self._ca = trustme.CA(organization_name="jfrog-standin")
        key_path.touch(mode=0o600)
        self._ca.private_key_pem.write_to_path(key_path)
        self._ca.cert_pem.write_to_path(self.ca_path)

    def server_context(self, certificate: Certificate, host: str) -> ssl.SSLContext:
        """Make the context of a server that shows the chosen certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._issue(certificate, host).configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Make the context of a client that trusts this CA and nothing else."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.ca_path))
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _issue(self, certificate: Certificate, host: str) -> trustme.LeafCert:
        names = dict.fromkeys((host, "localhost", "127.0.0.1", "::1"))
        match certificate:
            case "valid":
                return self._ca.issue_cert(*names)
            case "expired":
                yesterday = datetime.now(UTC) - timedelta(days=1)
                long_ago = yesterday - timedelta(days=30)
                return self._ca.issue_cert(*names, not_before=long_ago, not_after=yesterday)
            case "unknown-ca":
                return trustme.CA(organization_name="somebody else").issue_cert(*names)
            case "wrong-host":
                return self._ca.issue_cert("elsewhere.example")
