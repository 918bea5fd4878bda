"""The addresses of channels: which are taken, and what of them may be shown. It loads apprise, which takes a while."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from nexdeck.models.notification import ChannelKind
from nexdeck.services.errors import Fault, InvalidInput

# What speaks to a person or a chat over the network. Left out is whatever acts on this machine (dbus, syslog, exec, …),
# keeps state on disk, or is another relay.
WITH_HOST = re.compile(r"(mailto|json|form|xml|gotify|ntfy|mmost|rocket|matrix|signal)s?")
SERVICES = re.compile(
    r"slack|workflows?|discord|tgram|gchat|pagerduty|opsgenie|splunk|victorops|pover|wxteams|webex|zulip|mailgun|sendgrid"
    r"|twilio|lark|dingtalk|feishu|wecombot"
)
# Options by which a plugin reads files of this machine or fetches further addresses.
FORBIDDEN_OPTIONS = re.compile(
    r"template|.*file|pgp.*|pem.*|smime.*|wkd.*|.*cert.*|attach.*|redirect|proxy|.*key_?path"
)
LONGEST = 2000
SHORTEST_SECRET = 4  # characters; shorter parts of an address would mask ordinary words


@dataclass(frozen=True)
class DeliveryTarget:
    """An address that was checked. ``shown`` is what people see of it, ``secrets`` what must not be in any message."""

    kind: ChannelKind
    url: str
    shown: str
    secrets: tuple[str, ...]

    def mask(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "•••")
        return text


def parse_target(kind: ChannelKind, url: str) -> DeliveryTarget:
    """Raises InvalidInput at ``url``; what is wrong with it is told without the address itself."""
    url = url.strip()
    if not url or len(url) > LONGEST or any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise _bad(f"1 to {LONGEST:,} characters without spaces")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port if kind is ChannelKind.WEBHOOK else None
    except ValueError:
        raise _bad("it cannot be read; is a bracket or a port wrong?") from None
    if kind is ChannelKind.WEBHOOK:
        _check_webhook(parts.scheme, host, bool(parts.username or parts.password))
        rest = "/…" if parts.path.strip("/") or parts.query else ""
        shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}{rest}"
    else:
        _check_apprise(url, parts.scheme, [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)])
        host = host if WITH_HOST.fullmatch(parts.scheme) else ""  # elsewhere a token stands in its place
        shown = f"{parts.scheme}://{host}{'/' if host else ''}…"
    return DeliveryTarget(kind, url, shown[:120], _secrets_of(url, host))


def _check_webhook(scheme: str, host: str, has_login: bool) -> None:
    if scheme not in ("http", "https"):
        raise _bad("a webhook begins with https:// or http://")
    if not host:
        raise _bad("it names no host")
    if has_login:
        raise _bad("leave out user and password: the body is signed")


def _check_apprise(url: str, scheme: str, options: list[str]) -> None:
    if not (WITH_HOST.fullmatch(scheme) or SERVICES.fullmatch(scheme)):
        raise _bad(
            "begin it with mailto://, slack://, workflows:// (Teams), discord:// …; docs/notifications.md has all"
        )
    if wrong := [name for name in options if FORBIDDEN_OPTIONS.fullmatch(name.lower())]:
        raise _bad(f"the option {wrong[0][:40]!r} is not taken here")
    from nexdeck.services.notifications.apprise_target import instantiate  # large; imported where one is really used

    if instantiate(url) is None:
        raise _bad(f"apprise does not understand it as {scheme}://; its documentation has the form")


def _secrets_of(url: str, host: str) -> tuple[str, ...]:
    """Every part of the address but its scheme and host, as it is written and as it is meant, the longest first."""
    rest, _, query = url.partition("://")[2].partition("?")
    pieces = {url, *re.split(r"[/@:#,]", rest), *(value for _, value in parse_qsl(query))}
    pieces |= {unquote(piece) for piece in pieces}
    return tuple(sorted((p for p in pieces if len(p) >= SHORTEST_SECRET and p != host), key=len, reverse=True))


def _bad(message: str) -> InvalidInput:
    return InvalidInput(f"The channel's address is not valid: {message}.", errors=[Fault("url", message)])
