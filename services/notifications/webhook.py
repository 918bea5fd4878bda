"""Our own webhook: a JSON body, signed as https://www.standardwebhooks.com has it, so that receivers can check it with
a library of their language.

Headers: ``webhook-id`` (the delivery's, the same at each attempt: what was seen already is to be ignored),
``webhook-timestamp`` (seconds since 1970, of this attempt) and ``webhook-signature``, which is ``v1,`` and the base64
of HMAC-SHA256 over ``id.timestamp.body``; after a rotation there are two of them, with a space between.
The key is what follows ``whsec_`` in the channel's secret, base64-decoded.
A receiver that compares the signature and refuses timestamps older than five minutes refuses replays.
"""

import base64
import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

SECRET_PREFIX = "whsec_"
SECONDS = 10.0
ERROR_NUMBER = re.compile(r"\[Errno -?\d+\] ")
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses whole, at INFO


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def encode(body: dict[str, Any]) -> bytes:
    """The same bytes for the same body, at each attempt."""
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


def sign(signing: Sequence[str], delivery_id: str, timestamp: int, content: bytes) -> str:
    """A signature by each secret."""
    return " ".join(_signature(secret, delivery_id, timestamp, content) for secret in signing)


def _signature(secret: str, delivery_id: str, timestamp: int, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b"%s.%d.%s" % (delivery_id.encode(), timestamp, content)
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post(url: str, signing: Sequence[str], delivery_id: str, body: dict[str, Any], at: datetime) -> str | None:
    """Send it once. Returns None when it was taken (2xx), else why not. Redirects are not followed."""
    content, timestamp = encode(body), int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Nexdeck",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(signing, delivery_id, timestamp, content),
    }
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=SECONDS) as http,
            http.stream("POST", url, content=content, headers=headers) as answer,
        ):
            return None if answer.is_success else f"It answered with status {answer.status_code}."
    except httpx.TimeoutException:
        return f"It did not answer within {SECONDS:g} s."
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = ERROR_NUMBER.sub("", str(error)) or type(error).__name__
        return f"It cannot be reached ({said})."
