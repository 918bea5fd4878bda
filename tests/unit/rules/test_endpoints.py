"""The printed command must come through a real shell unharmed."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.choices import Channel
from nexdeck.services.rules.endpoints import cli_command, mcp_endpoint

ALL = list(Channel)
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), TEXT, max_size=4))
def test_a_shell_gives_back_what_the_sample_says(sample: dict[str, str]) -> None:
    words = shlex.split(cli_command("my-agent", sample, ALL, "http://127.0.0.1:8400"))
    assert words == ["nexdeck", "run", "my-agent", *(f"{name}={value}" for name, value in sample.items())]


def test_other_values_are_written_as_json_and_another_address_is_named() -> None:
    command = cli_command("a", {"n": 2, "on": True, "tags": ["x"]}, ALL, "http://127.0.0.1:9000")
    assert shlex.split(command)[3:] == ["n=2", "on=true", 'tags=["x"]', "--url", "http://127.0.0.1:9000"]


def test_a_channel_that_is_off_has_no_address() -> None:
    assert cli_command("a", {}, [Channel.API], "http://127.0.0.1:8400") == ""
    assert mcp_endpoint("http://g", "a", [Channel.API]) is None
