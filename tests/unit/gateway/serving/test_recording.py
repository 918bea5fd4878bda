"""What is kept of a call: redacted, masked, bounded."""

import json

from hypothesis import given
from hypothesis import strategies as st

from nexdeck.app.gateway.ground.environment import MASK, Overlay
from nexdeck.app.gateway.serving.recording import LONGEST, MOST_PARTS, Recorder
from nexdeck.models.manifest import Recording

SECRET = "a-very-secret-value"


def recorder(*redact: str) -> Recorder:
    return Recorder(Recording(inputs=True, redact=list(redact)), Overlay({"KEY": SECRET, "PIN": "12345678"}).mask)


def kept(value: object, *redact: str) -> object:
    return json.loads(recorder(*redact).text(value)[0])


def test_fields_are_left_out_by_name_at_any_depth_and_by_path():
    value = {"a": {"b": 1, "pin": 2}, "b": 3, "list": [{"b": 4, "c": {"pin": 5}}]}
    assert kept(value, "pin") == {"a": {"b": 1, "pin": MASK}, "b": 3, "list": [{"b": 4, "c": {"pin": MASK}}]}
    assert kept(value, "a.b") == {**value, "a": {"b": MASK, "pin": 2}}
    assert kept(value, "list.b") == {**value, "list": [{"b": MASK, "c": {"pin": 5}}]}
    assert kept({"a.b": 1}, "a.b") == {"a.b": MASK}


def test_secrets_are_masked_in_texts_names_and_numbers():
    text, altered = recorder().text({SECRET: f'quoted "{SECRET}" é', "n": 12345678, "ok": True})
    assert (SECRET in text, "12345678" in text, altered) == (False, False, True)
    assert recorder().text({"ok": [1, None]}) == ('{"ok":[1,null]}', False)


def test_there_are_bounds():
    text, altered = recorder().text({"long": "x" * 2 * LONGEST})
    assert (len(text), altered) == (LONGEST, True)
    assert recorder().text([0] * (MOST_PARTS + 1)) == (None, True)
    deep: object = 0
    for _ in range(5_000):
        deep = [deep]
    assert recorder().text(deep) == (None, True)
    assert json.loads(recorder().redacted(deep)) == MASK


@given(st.recursive(st.text() | st.just(SECRET), lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner)))
def test_no_secret_ever_gets_out(value: object):
    text, altered = recorder().text(value)
    assert text is None or SECRET not in text
    if not altered:
        assert json.loads(text) == value
