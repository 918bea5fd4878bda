"""Hypothesis strategies: hostile but valid declarative agents."""

import keyword
import string

from hypothesis import strategies as st

from nexdeck.models.declarative import DeclarativeSpec, FieldSpec
from nexdeck.services.catalog.sources.declarative import RESERVED_NAMES

HOSTILE = [
    '"""', "'''", "\\", '\\"', "{x}", "{{", "%s", "$x", "\r\n", "\t", "\u2028", "\u202e", "\x7f", "é", "日本語", "😀",
    "#", '")\nimport os\nos.system("x")\n("', "SIGNATURE", "ANSWER", "made_up(", "f'{1}'", "\\N{DASH}", "\\u0041",
    "\ufeff",
]  # fmt: skip
texts = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    max_size=6,
).map("".join)
long_texts = st.lists(texts | st.text(string.ascii_letters + " \n", max_size=200), min_size=1, max_size=6).map("".join)
json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
json_values = st.recursive(
    json_scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
field_names = st.sampled_from(
    [*keyword.kwlist, *keyword.softkwlist, "str", "list", "dict", "int", "InputField", "OutputField", "Literal", "name"]
).filter(lambda name: name[0] != "_") | st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
_VALUES = {
    "string": texts,
    "integer": st.integers(-(2**63) + 1, 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "array": st.lists(json_values, max_size=3),
    "object": st.dictionaries(texts, json_values, max_size=3),
}


@st.composite
def fields(draw: st.DrawFn, name: str) -> FieldSpec:
    kind = draw(st.sampled_from(list(_VALUES)))
    enum = draw(st.none() | st.lists(_VALUES[kind], min_size=1, max_size=4, unique_by=repr))
    default = draw(st.none() | (st.sampled_from(enum) if enum else _VALUES[kind]))
    required = (
        draw(st.sampled_from([None, False])) if default is not None else draw(st.sampled_from([None, True, False]))
    )
    return FieldSpec(name=name, type=kind, description=draw(texts), required=required, default=default, enum=enum)


@st.composite
def specs(draw: st.DrawFn) -> DeclarativeSpec:
    names = field_names.filter(lambda name: name not in RESERVED_NAMES)
    drawn = [draw(fields(name)) for name in draw(st.lists(names, min_size=2, max_size=6, unique=True))]
    cut = draw(st.integers(1, len(drawn) - 1))
    return DeclarativeSpec(
        name=draw(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)),
        version="1.2.3-rc.1",
        description=draw(texts),
        instructions=draw(long_texts.filter(str.strip)),
        inputs=drawn[:cut],
        outputs=drawn[cut:],
        provider=draw(st.sampled_from(["openai", "anthropic", "ollama", "offline"])),
        model=draw(texts.filter(bool)),
        temperature=draw(st.none() | st.floats(0, 2)),
        base_url=draw(st.none() | texts.filter(bool)),
    )
