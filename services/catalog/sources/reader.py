"""Which reader takes a file, and what every reader needs to know about the agents that exist already."""

from pathlib import PurePath

from nexdeck.services.catalog.sources.declarative import read_declarative
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.orchestration import FindVersion, read_orchestration
from nexdeck.services.catalog.sources.python_agent.source import read_python
from nexdeck.services.catalog.sources.text import check_text, pretty
from nexdeck.services.catalog.sources.yaml_text import YamlDocument, read_yaml
from nexdeck.services.errors import Fault, SourceInvalid


def read_source(filename: str, source: str, find: FindVersion) -> VersionDraft:
    """Parse ``source`` and generate its module. Raises SourceInvalid with every fault that was found."""
    name = PurePath(filename.replace("\\", "/")).name
    check_text(source)
    match PurePath(name).suffix.lower():
        case ".yaml" | ".yml":
            document = read_yaml(source)
            if _kind(document) == "orchestration":
                return read_orchestration(name, source, document, find)
            return read_declarative(name, source, document)
        case ".py":
            return read_python(name, source)
    message = "end its name in .yaml (declarative or orchestration) or in .py (Python)"
    raise SourceInvalid(f"{name!r} is not a file that can be an agent.", errors=[Fault("filename", message)])


def _kind(document: YamlDocument) -> str:
    kind = document.data.get("kind", "declarative")
    if kind not in ("declarative", "orchestration"):
        message = f"{pretty(kind)} is not a kind of agent in YAML; write declarative or orchestration"
        raise SourceInvalid("The kind is not known.", errors=[document.fault(("kind",), message)])
    return kind
