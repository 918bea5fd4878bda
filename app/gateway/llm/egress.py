"""Which private addresses the model clients may reach.

Kaizen refuses every loopback and private model host, because the address comes from an agent and could point at
anything inside the network. Here the operator lists the hosts that are meant; what is not listed stays refused.
"""

from urllib.parse import urlsplit


class AllowedHosts:
    """Entries are ``host`` (any port) or ``host:port``; nothing is allowed by default, ``localhost`` included."""

    def __init__(self, entries: str = "") -> None:
        """``entries`` by comma. Raises ValueError for one that is not a host."""
        self._entries = {self._parse(entry.strip()) for entry in entries.split(",") if entry.strip()}

    def allows(self, host: str, port: int | None) -> bool:
        host = host.strip("[]").lower().rstrip(".")
        return (host, None) in self._entries or (host, port) in self._entries

    def allows_url(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError:
            return False
        return parts.hostname is not None and parts.scheme in ("http", "https") and self.allows(parts.hostname, port)

    @staticmethod
    def _parse(entry: str) -> tuple[str, int | None]:
        bare_ipv6 = entry.count(":") > 1 and not entry.startswith("[")
        parts = urlsplit(f"//[{entry}]" if bare_ipv6 else f"//{entry}")
        if parts.hostname is None or parts.path or parts.username is not None:
            raise ValueError(f"{entry!r} is not a host or host:port")
        return parts.hostname.lower().rstrip("."), parts.port
