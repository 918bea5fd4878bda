"""Who acts in tests that call services themselves."""

from nexdeck.models.actor import Actor, Through


def acting(name: str) -> Actor:
    return Actor(name, Through.REST, "127.0.0.1")


ACTOR = acting("test")
