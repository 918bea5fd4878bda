"""Which control planes called a gateway lately."""

from nexdeck.app.gateway.control.controllers import MOST, Claims


def header(name: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-nexdeck-installation", name.encode())]


def test_the_latest_comes_first_and_each_once() -> None:
    moment = 100.0
    claims = Claims(lambda: moment)
    for name in ("a", "b", "a"):
        claims.note(header(name))
        moment += 10
    assert [(c.installation, c.seconds_ago) for c in claims.claimants()] == [("a", 10), ("b", 20)]


def test_nonsense_is_ignored_and_there_is_no_growth() -> None:
    claims = Claims()
    for headers in ([], header(""), header("<b>"), header("x" * 65), header("a\nb")):
        claims.note(headers)
    assert claims.claimants() == []
    for number in range(100):
        claims.note(header(f"n{number}"))
    assert [c.installation for c in claims.claimants()] == [f"n{99 - i}" for i in range(MOST)]
