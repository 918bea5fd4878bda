"""Which reader takes a file, and what every reader needs to know about the agents that exist already."""

from collections.abc import Callable
from pathlib import PurePath

from models.agent import AgentVersion
from services.errors import Fault, SourceInvalid
from services.sources.declarative import read_declarative
from services.sources.draft import VersionDraft
from services.sources.python import read_python
from services.sources.text import check_text
from services.sources.yaml_text import read_yaml

FindVersion = Callable[[str, str | None], AgentVersion]
"""(agent's name, version or None for the newest) → the version; raises NotFound."""


def read_source(filename: str, source: str, find: FindVersion) -> VersionDraft:
    """Parse ``source`` and generate its module. Raises SourceInvalid with every fault that was found."""
    name = PurePath(filename.replace("\\", "/")).name
    check_text(source)
    match PurePath(name).suffix.lower():
        case ".yaml" | ".yml":
            document = read_yaml(source)
            return read_declarative(name, source, document)
        case ".py":
            return read_python(name, source)
    message = "end its name in .yaml (declarative or orchestration) or in .py (Python)"
    raise SourceInvalid(f"{name!r} is not a file that can be an agent.", errors=[Fault("filename", message)])
