import pytest

from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.reader import read_source
from nexdeck.services.errors import NotFound, SourceInvalid

VALID = """\
name: greeter
version: 1.2.0
instructions: Greet the person.
inputs:
  - name: person
    description: Whom to greet
  - {name: style, enum: [warm, brief], default: warm}
  - {name: age, type: integer, required: false}
outputs:
  - name: greeting
  - {name: mood, type: number, required: false}
provider: openai
model: gpt-4o-mini
base_url: https://models.example.com/v1/
"""


def read(source: str, filename: str = "greeter.yaml") -> VersionDraft:
    def nothing(agent: str, version: str | None):
        raise NotFound(f"There is no agent {agent!r}.")

    return read_source(filename, source, nothing)


def faults(source: str) -> list[str]:
    with pytest.raises(SourceInvalid) as caught:
        read(source)
    return [str(fault) for fault in caught.value.errors]


def test_a_source_becomes_a_draft():
    draft = read(VALID)
    assert (draft.name, draft.version, draft.kind, draft.provider) == ("greeter", "1.2.0", "declarative", "openai")
    assert draft.description == "Greet the person."
    assert draft.input_schema == {
        "type": "object",
        "properties": {
            "person": {"type": "string", "description": "Whom to greet"},
            "style": {"type": "string", "enum": ["warm", "brief"], "default": "warm"},
            "age": {"type": "integer"},
        },
        "additionalProperties": False,
        "required": ["person"],
    }
    assert draft.output_schema["properties"] == {"greeting": {"type": "string"}, "mood": {"type": ["number", "null"]}}
    assert draft.output_schema["required"] == ["greeting", "mood"]
    assert draft.sample == {"person": "Hello from Nexdeck"}
    assert draft.secrets == ["OPENAI_API_KEY"]
    assert 'base_url="https://models.example.com",' in draft.module  # Kaizen appends /v1 itself
    assert 'api_key=os.environ.get("OPENAI_API_KEY"),' in draft.module


@pytest.mark.parametrize(
    ("provider", "line", "secrets"),
    [
        ("openai", "api_key_secret: MY_KEY", ["MY_KEY"]),
        ("openai", "api_key_secret: null", []),
        ("anthropic", "", ["ANTHROPIC_API_KEY"]),
        ("ollama", "", []),
        ("offline", "api_key_secret: MY_KEY", []),
    ],
)
def test_which_secret_a_provider_needs(provider, line, secrets):
    draft = read(VALID.replace("provider: openai", f"provider: {provider}") + line + "\n")
    assert draft.secrets == secrets
    assert ("os.environ" in draft.module) == bool(secrets)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("version: 1.2.0", "version: 1.0", "line 2, column 10: version: must be text, not 1.0; put it in quotes"),
        ("version: 1.2.0", "version: v1", 'line 2, column 10: version: "v1" is not a semantic version'),
        (
            "version: 1.2.0",
            "version: 1.2.0\ntemprature: 1",
            "line 3, column 1: temprature: the key 'temprature' is not",
        ),
        ("version: 1.2.0", "version: 1.2.0\ntemprature: 1", "did you mean 'temperature'?"),
        (
            "provider: openai",
            "provider: opnai",
            "line 12, column 11: provider: \"opnai\" is not known (did you mean 'openai'?)",
        ),
        ("provider: openai", "provider: opnai", "use one of openai, anthropic, ollama, offline"),
        ("name: greeter", "name: Greeter", 'line 1, column 7: name: "Greeter" is not a valid name: a small letter'),
        ("name: style", "name: person", "'person' is here twice (first in line 5)"),
        ("name: mood", "name: person", "line 11, column 12: outputs.1.name: 'person' is an input already"),
        ("name: age", "name: agent", "'agent' is a name of Kaizen's own"),
        ("name: age", "name: 1age", "is not a valid name: a letter first"),
        ("name: age", "nme: age", "line 8, column 5: inputs.2: name is missing"),
        ("name: age", "nme: age", "the key 'nme' is not known (did you mean 'name'?)"),
        ("type: integer", "type: int", "\"int\" is not known (did you mean 'integer'?)"),
        ("default: warm", "default: cold", 'the default must be one of ["warm", "brief"], not "cold"'),
        (
            "enum: [warm, brief]",
            "enum: [warm, 1]",
            "line 7, column 32: inputs.1.enum.1: the choice must be string, not 1",
        ),
        ("enum: [warm, brief]", "enum: [warm, warm]", 'inputs.1.enum.1: the choice "warm" is here twice'),
        ("required: false}\noutputs", "required: true, default: 1}\noutputs", "a required field needs no default"),
        ("model: gpt-4o-mini\n", "", "line 12, column 11: provider: openai needs a model"),
        ("instructions: Greet the person.", "instructions: ' '", "instructions: is blank"),
        ("https://models.example.com/v1/", "ftp://x", "base_url: must be an address such as"),
        ("https://models.example.com/v1/", "https://me:pw@x", "base_url: must not carry a password"),
        ("https://models.example.com/v1/", "http://[", "base_url: is not an address"),
        ("model: gpt", "temperature: 3\nmodel: gpt", "temperature: input should be less than or equal to 2, not 3"),
        (
            "model: gpt",
            "sample: {persn: x}\nmodel: gpt",
            "line 13, column 9: sample: the sample does not match the inputs",
        ),
        (
            "model: gpt",
            "sample: {person: 5}\nmodel: gpt",
            "line 13, column 18: sample.person: the sample does not match",
        ),
        (
            "model: gpt",
            "mcp_servers: [{name: x}]\nmodel: gpt",
            "mcp_servers: Kaizen answers tool calls with placeholders",
        ),
        ("model: gpt", "kind: orchestrate\nmodel: gpt", '"orchestrate" is not a kind of agent in YAML'),
    ],
)
def test_each_fault_says_where_and_what_to_do(old, new, wanted):
    assert old in VALID
    found = faults(VALID.replace(old, new, 1))
    assert any(wanted in fault for fault in found), found


def test_all_faults_are_told_at_once():
    assert len(faults("name: X\nversion: 1\nprovider: x\n")) == 6


def test_only_known_files_can_be_agents():
    with pytest.raises(SourceInvalid, match="not a file that can be an agent"):
        read(VALID, "greeter.json")
