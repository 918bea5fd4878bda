"""The part of a form that says how a gateway's certificate is verified."""

from collections.abc import Callable

from nicegui import ui

from nexdeck.models.gateway import Gateway
from nexdeck.models.trust import TrustKind
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, field, text_field
from nexdeck.services.gateways.admission import TrustWish

LABELS = {
    TrustKind.SYSTEM: "By the authorities that this host trusts",
    TrustKind.CA: "By the certificate of your own CA",
    TrustKind.PIN: "It is this very certificate (pinned)",
}
HERE = ("http://127.", "http://localhost", "http://[::1]")
WHERE = "The gateway prints its SHA-256 at its start. Compare it there, not with what an error here shows."


class CertificateForm:
    """``show_for`` an address: without TLS there is nothing to verify, but something to allow."""

    def __init__(self, errors: FormErrors, gateway: Gateway | None, address: Callable[[], str]) -> None:
        kind = gateway.trust if gateway else TrustKind.SYSTEM
        self._address = address
        self._before = (kind, (gateway and gateway.certificate) or "", (gateway and gateway.fingerprint) or "")
        self._encrypted = ui.element("div").classes("full stack")
        with self._encrypted:
            self._kind = choice_field("Its certificate is verified", LABELS, kind, on_change=self.show)
            self._kind.mark("gateway-trust")
            self._pin_place = ui.element("div").classes("full")
            with self._pin_place:
                self._pin = text_field("SHA-256", self._before[2], hint=WHERE, placeholder="AB:CD:…", mono=True)
                self._pin.mark("gateway-pin")
            self._ca_place = ui.element("div").classes("full")
            with self._ca_place, field("CA certificate (PEM)"):
                self._ca = ui.textarea(
                    value=self._before[1] if kind is TrustKind.CA else "", placeholder="-----BEGIN CERTIFICATE-----"
                )
                self._ca.props("outlined dense hide-bottom-space spellcheck=false rows=5").classes("full mono-input")
                self._ca.mark("gateway-ca")
        self._plain = ui.checkbox("Send the token and secrets there in clear text")
        self._plain.mark("gateway-plain")
        errors.belongs("pin", self._pin)
        errors.belongs("ca", self._ca)
        self.show()

    def show(self) -> None:
        """What the address and the choice ask for."""
        address = self._address().strip().lower()
        is_plain = address.startswith("http:")
        self._encrypted.set_visibility(not is_plain)
        self._pin_place.set_visibility(self._kind.value is TrustKind.PIN)
        self._ca_place.set_visibility(self._kind.value is TrustKind.CA)
        self._plain.set_visibility(is_plain and not address.startswith(HERE))

    @property
    def allows_plain(self) -> bool:
        return self._plain.value

    def wish(self) -> TrustWish:
        if self._address().strip().lower().startswith("http:"):
            return TrustWish()
        match self._kind.value:
            case TrustKind.PIN:
                return TrustWish(pin=self._pin.value or "?")  # empty is no wish at all
            case TrustKind.CA:
                return TrustWish(ca=self._ca.value or "?")
        return TrustWish()

    def changed(self) -> TrustWish | None:
        """None when it is as it was."""
        now = (
            self._kind.value,
            self._ca.value if self._kind.value is TrustKind.CA else self._before[1],
            self._pin.value if self._kind.value is TrustKind.PIN else self._before[2],
        )
        return None if now == self._before else self.wish()
