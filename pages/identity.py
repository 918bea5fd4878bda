"""Who is at the browser. Until there is a sign-in, everybody on this machine is the same person."""

from nicegui import context

from nexdeck.models.actor import Actor, Through


def me() -> Actor:
    """Where no browser is connected, as in a feed that all pages share, there is no address."""
    address = context.client.ip if context.slot_stack else ""
    return Actor("local", Through.PAGE, address or None)
