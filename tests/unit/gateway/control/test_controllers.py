"""Which control planes called a gateway lately."""

from nexdeck.app.gateway.control.controllers import MOST, Controllers


def header(name: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-nexdeck-installation", name.encode())]


def test_the_latest_comes_first_and_each_once() -> None:
    moment = 100.0
    controllers = Controllers(lambda: moment)
    for name in ("a", "b", "a"):
        controllers.note(header(name))
        moment += 10
    assert [(c.installation, c.seconds_ago) for c in controllers.claimants()] == [("a", 10), ("b", 20)]


def test_nonsense_is_ignored_and_there_is_no_growth() -> None:
    controllers = Controllers()
    for headers in ([], header(""), header("<b>"), header("x" * 65), header("a\nb")):
        controllers.note(headers)
    assert controllers.claimants() == []
    for number in range(100):
        controllers.note(header(f"n{number}"))
    assert [c.installation for c in controllers.claimants()] == [f"n{99 - i}" for i in range(MOST)]
