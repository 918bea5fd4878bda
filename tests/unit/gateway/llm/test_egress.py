"""Which private model hosts are allowed."""

import pytest

from nexdeck.app.gateway.llm.egress import AllowedHosts


def test_listed_model_hosts():
    allowed = AllowedHosts("localhost, 10.0.0.5:11434,[fd00::1]:80, Ollama.lan.")
    assert allowed.allows("localhost", 1) and allowed.allows("LOCALHOST", None) and allowed.allows("ollama.lan", 5)
    assert allowed.allows("10.0.0.5", 11434) and not allowed.allows("10.0.0.5", 80)
    assert allowed.allows_url("http://[fd00::1]/v1") and not allowed.allows_url("http://[fd00::1]:81/v1")
    assert not allowed.allows_url("http://localhost.evil.example") and not allowed.allows_url("file://localhost/x")
    assert not allowed.allows_url("http://localhost@evil.example/") and not AllowedHosts("").allows("localhost", 80)


@pytest.mark.parametrize("entry", ["http://x", "a/b", "u@h", "host:port", ":80"])
def test_entries_that_are_no_hosts_are_refused(entry):
    with pytest.raises(ValueError):
        AllowedHosts(entry)
