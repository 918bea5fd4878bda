"""Declared deployments: YAML → ``Declaration`` and back. Every fault has its line and column."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from nexdeck.models.declared import DeclaredDeployment, DeclaredList
from nexdeck.services.catalog.sources.faults import validated
from nexdeck.services.catalog.sources.text import check_text
from nexdeck.services.catalog.sources.yaml_text import Path, YamlDocument, read_yaml_documents
from nexdeck.services.errors import Fault, SourceInvalid

REFUSAL = "The YAML does not describe deployments."
HEAD = "# Deployments, as `nexdeck apply -f FILE` takes them. Secrets are named; their values are never written.\n"


@dataclass(frozen=True)
class Declaration:
    """A declared deployment, and where it stood."""

    spec: DeclaredDeployment
    document: YamlDocument
    path: Path

    def fault(self, path: Path, message: str) -> Fault:
        return self.document.fault((*self.path, *path), message)


def read_declared(source: str) -> list[Declaration]:
    """One or several documents, each a deployment or a ``deployments:`` list. Raises SourceInvalid with all faults."""
    check_text(source)
    documents = read_yaml_documents(source)
    if not documents:
        message = "nothing is declared; `deployments: []` says that there shall be none"
        raise SourceInvalid(REFUSAL, errors=[Fault("", message, 1, 1)])
    declared: list[Declaration] = []
    faults: list[Fault] = []
    for document in documents:
        try:
            declared += _declarations(document)
        except SourceInvalid as error:
            faults += error.errors
    faults += _twice(declared)
    if faults:
        raise SourceInvalid(REFUSAL, errors=faults)
    return declared


def written(deployments: Iterable[DeclaredDeployment]) -> str:
    """The YAML that ``read_declared`` reads back as the same; the same deployments give the same text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 1_000_000
    text = io.StringIO()
    yaml.dump({"deployments": [_entry(each) for each in deployments]}, text)
    return HEAD + text.getvalue()


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # our reader takes none

    def represent_text(self, text: str) -> ScalarNode:
        """In double quotes where a character needs an escape: elsewhere ruamel writes U+0085 as a line break."""
        style = None if text.replace("\n", "").isprintable() else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Representer.add_representer(str, _Representer.represent_text)


def _entry(deployment: DeclaredDeployment) -> dict[str, Any]:
    """In the order of the fields; options that are as by default are left out."""
    options = deployment.options.model_dump(mode="json", exclude_defaults=True)
    left_out = {"options", "gateway" if deployment.dedicated else "dedicated"}
    entry = deployment.model_dump(mode="json", exclude=left_out)
    return entry | ({"options": options} if options else {})


def _declarations(document: YamlDocument) -> Iterator[Declaration]:
    if "deployments" in document.data:
        listed = validated(DeclaredList, document, REFUSAL)
        for index, spec in enumerate(listed.deployments):
            yield Declaration(spec, document, ("deployments", index))
    else:
        yield Declaration(validated(DeclaredDeployment, document, REFUSAL), document, ())


def _twice(declared: list[Declaration]) -> Iterator[Fault]:
    first: dict[tuple[str, str], Declaration] = {}
    for each in declared:
        place = each.spec.name if each.spec.dedicated else each.spec.gateway
        key = (place, each.spec.name)
        if key in first:
            line = first[key].fault(("name",), "").line
            yield each.fault(("name",), f"{each.spec.name} on {place} is declared in line {line} already")
        first.setdefault(key, each)
