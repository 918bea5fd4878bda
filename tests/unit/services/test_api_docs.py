"""The OpenAPI document of a deployment is valid whatever the agent's schemas are, and says what its options mean."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from nexdeck.models.choices import Channel
from nexdeck.models.manifest import CHUNKS_KEYWORD, JsonSchema, Limits
from nexdeck.models.problem import Problem
from nexdeck.services.docs.openapi import openapi
from nexdeck.services.docs.problems import problems_of
from tests.unit.services.interfaces import interface

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True) | st.sampled_from(["$ref", "default", "items"])
SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=20)


def leaf(kind: str | list[str]) -> st.SearchStrategy[JsonSchema]:
    optional = {"description": st.text(max_size=30), "default": SCALARS}
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=optional)


LEAVES = st.one_of(
    *(leaf(kind) for kind in ("string", "integer", "number", "boolean", "null", ["string", "null"])),
    st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=4, unique_by=repr)}),
    st.just({}),
    st.just({"$ref": "#/$defs/Part"}),
)


def objects(fields: st.SearchStrategy[JsonSchema]) -> st.SearchStrategy[JsonSchema]:
    return st.builds(
        lambda properties, is_open: {
            "type": "object",
            "properties": properties,
            "required": sorted(properties)[:2],
            "additionalProperties": is_open,
        },
        st.dictionaries(NAMES, fields, max_size=4),
        st.booleans(),
    )


FIELDS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        objects(inner),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
PART = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Part"}, "whole": {"$ref": "#"}}}
SCHEMAS = st.builds(lambda schema: {**schema, "$defs": {"Part": PART}}, objects(FIELDS))


@settings(max_examples=40)
@given(inputs=SCHEMAS, outputs=SCHEMAS, require_key=st.booleans(), rate=st.none() | st.integers(1, 100))
def test_it_is_valid_for_any_schema(inputs: JsonSchema, outputs: JsonSchema, require_key: bool, rate: int) -> None:
    limits = Limits(rate_limit_per_minute=rate)
    subject = interface(
        input_schema=inputs, output_schema=outputs, require_key=require_key, limits=limits, sample={"a": None}
    )
    document = json.loads(json.dumps(openapi(subject)))
    OpenAPIV31SpecValidator(document).validate()
    assert '"#/$defs' not in json.dumps(_references(document["components"]["schemas"]))


def _references(schema: Any) -> list[str]:
    """Every ``$ref`` that is a reference, not a property of that name."""
    if isinstance(schema, list):
        return [reference for item in schema for reference in _references(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
    return own + [reference for value in schema.values() for reference in _references(value)]


def test_a_property_named_like_a_keyword_is_left_alone() -> None:
    fields = {"$ref": {"type": "string", "default": "#/x"}, "properties": {"type": "integer"}}
    schema = {"type": "object", "properties": fields, "default": {"$ref": "#/kept"}}
    document = openapi(interface(input_schema=schema))
    assert document["components"]["schemas"]["Inputs"] == schema


def test_security_and_limits_are_told_only_where_they_apply() -> None:
    free = openapi(interface())
    operation = free["paths"]["/workflows/echo/execute"]["post"]
    assert "security" not in free
    assert {"401", "429"} & operation["responses"].keys() == set()
    limits = Limits(timeout_seconds=7, max_concurrency=3, rate_limit_per_minute=60, max_request_kb=64)
    kept = openapi(interface(require_key=True, limits=limits))
    responses = kept["paths"]["/workflows/echo/execute"]["post"]["responses"]
    assert kept["security"] == [{"key": []}]
    assert "Retry-After" in responses["429"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]
    assert "`too_many_calls`" in responses["503"]["description"]
    assert "7 s" in responses["504"]["description"]
    assert "64 kB" in responses["413"]["description"]
    assert "60 calls a minute" in kept["info"]["description"]
    assert "at most 64 kB" in kept["info"]["description"]


def test_each_error_has_an_example_of_each_code_and_the_headers_that_come_with_it() -> None:
    responses = openapi(interface(require_key=True))["paths"]["/workflows/echo/execute"]["post"]["responses"]
    problem = Problem.model_json_schema()
    for status, answer in responses.items():
        assert "X-Request-ID" in answer["headers"]
        if status != "200":
            examples = answer["content"]["application/problem+json"]["examples"]
            assert {code: each["value"]["status"] for code, each in examples.items()} == dict.fromkeys(
                examples, int(status)
            )
            assert all(not list(Draft202012Validator(problem).iter_errors(each["value"])) for each in examples.values())
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert responses.keys() >= {"200", "401", "403", "404", "422", "503", "504"}


def test_an_agent_that_streams_has_an_answer_in_events() -> None:
    chunk = {"type": "string"}
    document = openapi(interface(output_schema={"type": "object", CHUNKS_KEYWORD: chunk}))
    OpenAPIV31SpecValidator(document).validate()
    good = document["paths"]["/workflows/echo/execute"]["post"]["responses"]["200"]["content"]
    assert good["text/event-stream"]["example"].startswith("event: chunk\ndata: ")
    assert document["components"]["schemas"]["Chunk"] == chunk
    assert document["components"]["schemas"]["Outputs"] == {"type": "object"}
    assert "text/event-stream" in document["info"]["description"]
    assert "text/event-stream" not in json.dumps(openapi(interface()))


def test_a_channel_that_is_off_has_no_path() -> None:
    document = openapi(interface(channels=(Channel.MCP,)))
    OpenAPIV31SpecValidator(document).validate()
    assert document["paths"] == {}
    assert "switched off" in document["info"]["description"]


def test_each_code_is_told_once() -> None:
    codes = [code for each in problems_of(interface(require_key=True)).values() for code, _ in each]
    assert len(codes) == len(set(codes))


def test_a_default_that_does_not_fit_its_type_is_left_out() -> None:
    fields = {"count": {"type": "integer", "default": None}, "text": {"type": "string", "default": "x"}}
    document = openapi(interface(input_schema={"type": "object", "properties": fields}))
    shown = document["components"]["schemas"]["Inputs"]["properties"]
    assert shown == {"count": {"type": "integer"}, "text": {"type": "string", "default": "x"}}
