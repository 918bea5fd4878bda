"""What is checked before a gateway's address, token and certificate are taken into the directory."""

import ssl
from dataclasses import dataclass

from nexdeck.models.trust import Trust, TrustKind, fingerprint, read_fingerprint
from nexdeck.services.errors import Fault, GatewayUnreachable, InvalidInput
from nexdeck.services.gateways.connections import context_of
from nexdeck.services.gateways.transport import addresses_of, certificate_shown
from nexdeck.services.rules.addresses import Network, is_loopback, normalise_url, require_allowed


@dataclass(frozen=True)
class TrustWish:
    """How its certificate shall be verified: by the CA in ``ca`` (PEM), by being the one whose SHA-256 is ``pin``, or,
    when both are empty, by the system's authorities."""

    ca: str = ""
    pin: str = ""


@dataclass(frozen=True)
class AdmittedAddress:
    """Where a gateway is, checked: ``url`` normalised, ``trust`` with the certificate that was seen if it is pinned."""

    url: str
    token: str
    trust: Trust


async def admit(
    url: str, token: str, wish: TrustWish | Trust, allowed: list[Network], *, allow_plain: bool = False
) -> AdmittedAddress:
    """Raises InvalidInput with the place that is wrong, or GatewayUnreachable for an unknown host or no certificate.

    ``allow_plain``: the token and the agents' secrets may travel unencrypted to a host that is not this one.
    """
    url, host, port = normalise_url(url)
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise InvalidInput("Enter the gateway's token.", errors=[Fault("token", "printable ASCII, not empty")])
    try:
        addresses = await addresses_of(host, port)
    except OSError as error:
        raise GatewayUnreachable(f"The host {host} is not known here. Is it spelled right?") from error
    for address in addresses:
        require_allowed(address, allowed)
    if url.startswith("http:"):
        _require_plain_is_meant(wish, all(map(is_loopback, addresses)) or allow_plain)
        return AdmittedAddress(url, token, Trust())
    if isinstance(wish, TrustWish):
        wish = await _trust(wish, host, port, addresses)
    return AdmittedAddress(url, token, wish)


def _require_plain_is_meant(wish: TrustWish | Trust, is_meant: bool) -> None:
    if isinstance(wish, TrustWish) and (wish.ca or wish.pin):
        place = "pin" if wish.pin else "ca"
        message = "there is no certificate without TLS; begin the address with https://"
        raise InvalidInput("Only an https:// address has a certificate.", errors=[Fault(place, message)])
    if not is_meant:
        message = (
            "Without TLS the token and the agents' secrets travel in clear text. Start the gateway with "
            "--tls-self-signed and use https://, or allow plain HTTP where something else encrypts the way there."
        )
        raise InvalidInput(message, code="not_encrypted", errors=[Fault("url", message)])


async def _trust(wish: TrustWish, host: str, port: int, addresses: list[str]) -> Trust:
    if wish.ca and wish.pin:
        message = "leave out one of them"
        raise InvalidInput("Give a CA's certificate or a pin.", errors=[Fault("ca", message), Fault("pin", message)])
    if wish.ca:
        trust = Trust(TrustKind.CA, wish.ca.strip() + "\n")
        try:
            context_of(trust)
        except (ValueError, ssl.SSLError) as error:
            message = "it is no certificate in PEM (-----BEGIN CERTIFICATE-----)"
            raise InvalidInput("The CA's certificate cannot be read.", errors=[Fault("ca", message)]) from error
        return trust
    return await _pinned(wish.pin, host, port, addresses) if wish.pin else Trust()


async def _pinned(pin: str, host: str, port: int, addresses: list[str]) -> Trust:
    """Its certificate, which is verified in every handshake from now on, if it is the one that is meant."""
    try:
        wanted = read_fingerprint(pin)
    except ValueError as error:
        raise InvalidInput("The pin is not a SHA-256.", errors=[Fault("pin", str(error))]) from error
    for address in addresses:
        if shown := await certificate_shown(address, port, host):
            break
    else:
        raise GatewayUnreachable(f"Nothing shows a certificate at {host} port {port}. Does the gateway serve HTTPS?")
    if fingerprint(shown) != wanted:
        message = (
            f"It shows another certificate, with the SHA-256 {fingerprint(shown)}. Compare with what the gateway "
            "printed at its start; if that is not it either, somebody is between."
        )
        raise InvalidInput(message, code="gateway_untrusted", errors=[Fault("pin", message)])
    return Trust(TrustKind.PIN, ssl.DER_cert_to_PEM_cert(shown))
