"""Who may come in: the Host and Origin of a request, its id, its key, and which deployments that key opens."""

import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from nexdeck.app.gateway.ground.problems import GatewayProblem, unauthorized
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.models.control import AS_RECORDED_HEADER, REQUEST_ID_HEADER, REVISION_HEADER
from nexdeck.models.manifest import key_hash

CHANNEL_HEADER = b"x-nexdeck-channel"
_REVISION = REVISION_HEADER.lower().encode()
_AS_RECORDED = AS_RECORDED_HEADER.lower().encode()
_REQUEST_ID = REQUEST_ID_HEADER.lower().encode()
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
Headers = list[tuple[bytes, bytes]]  # as ASGI gives them, names in lower case
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(slots=True)
class Visit:
    """What one request said about itself."""

    request_id: str
    key: str | None = None  # the SHA-256 of the key that it carried
    control: bool = False  # it carried the gateway's own token
    revision: int | None = None  # asked for with REVISION_HEADER, by the control plane only
    channel: str | None = None
    as_recorded: bool = False  # the answer is to be redacted, for the control plane to compare
    trace: bytes | None = None  # the traceparent header

    @property
    def probe(self) -> bool:
        return self.revision is not None

    def opens(self, revision: LoadedRevision) -> bool:
        """Whether this visit may call that revision."""
        if self.control or not revision.bundle.manifest.require_key:
            return True
        # by this gateway's own clock: a key ends in time even while the control plane is away
        return self.key is not None and revision.bundle.accepts(self.key, datetime.now(UTC))

    def require(self, revision: LoadedRevision) -> None:
        """Raises GatewayProblem when this visit may not call that revision."""
        if not self.opens(revision):
            raise unauthorized(f"{revision.bundle.name!r}")


@dataclass(slots=True)
class Door:
    """The rules for every request. ``hosts`` and ``origins`` are allowed besides loopback names and addresses."""

    token: str = field(repr=False)
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    _token_hash: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._token_hash = key_hash(self.token)

    @staticmethod
    def request_id(headers: Headers) -> str:
        """The caller's own, if it is sane; else a new one."""
        for name, value in headers:
            if name == _REQUEST_ID and _SANE_ID.fullmatch(value):
                return value.decode()
        return secrets.token_hex(8)

    def admit(self, headers: Headers, request_id: str) -> Visit:
        """Raises GatewayProblem for a foreign Host or Origin, or for what only the control plane may ask."""
        found = dict(headers)
        visit = Visit(request_id)
        self._check_host(found.get(b"host", b""))
        if b"origin" in found:
            self._check_origin(found[b"origin"], found.get(b"host", b""))
        if b"authorization" in found:
            scheme, _, credential = found[b"authorization"].decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                visit.key = key_hash(credential.strip())
                visit.control = hmac.compare_digest(visit.key, self._token_hash)
        if _REVISION in found:
            visit.revision = self._revision(found[_REVISION], visit)
            visit.as_recorded = _AS_RECORDED in found
        visit.trace = found.get(b"traceparent")
        if CHANNEL_HEADER in found:
            visit.channel = found[CHANNEL_HEADER].decode("latin-1")
        return visit

    def _revision(self, header: bytes, visit: Visit) -> int:
        if not visit.control:
            raise GatewayProblem(403, "control_token_required", f"{REVISION_HEADER} is for the control plane only.")
        try:
            return int(header)
        except ValueError:
            raise GatewayProblem(400, "bad_header", f"{REVISION_HEADER} must be a whole number.") from None

    def _check_host(self, header: bytes) -> None:
        """A foreign web page can make its own name point here, but it cannot make the browser send another name."""
        name = _host_name(header.decode("latin-1"))
        if name in _LOOPBACK_NAMES or name in self.hosts or _is_address(name):
            return
        raise GatewayProblem(
            421, "foreign_host", "The Host header is not a name of this gateway; see its --allowed-hosts option."
        )

    def _check_origin(self, header: bytes, host: bytes) -> None:
        origin = header.decode("latin-1")
        if origin in self.origins or origin.encode("latin-1") in (b"http://" + host, b"https://" + host):
            return
        raise GatewayProblem(403, "foreign_origin", "Requests from web pages of other origins are refused.")


def _host_name(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "") if ":" in header or "[" in header else header.lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    """An address cannot be made to point elsewhere, so a page that was loaded under one is not a foreign page."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
