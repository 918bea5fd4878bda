"""YAML as plain data that knows where each value stood.

A deliberately small YAML: text keys, no tags, no anchors. It is read from the parser's events, in one
pass and without recursion, so neither deep nesting nor an alias bomb costs anything.
"""

import re
import sys
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from nexdeck.services.catalog.sources.text import fault_at, json_problem
from nexdeck.services.errors import Fault, SourceInvalid

MAX_DEPTH = 32
Path = tuple[str | int, ...]
Position = tuple[int, int]


@dataclass
class YamlDocument:
    """``data`` (plain dicts, lists, scalars) and the (line, column) of each key and each value, from 1."""

    data: Any = None
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)

    def fault(self, path: Path, message: str, *, at_key: bool = False) -> Fault:
        """A fault at ``path``, or at the nearest place above it that was written."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        for end in range(len(path), -1, -1):
            if position := first.get(path[:end]) or second.get(path[:end]):
                return Fault(dotted(path), message, *position)
        return Fault(dotted(path), message, 1, 1)


def dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def read_yaml(source: str) -> YamlDocument:
    """Parse ``source``: one document, a mapping. Raises SourceInvalid with the exact position."""
    return (_read(source, most_documents=1) or [_mapping(YamlDocument())])[0]


def read_yaml_documents(source: str) -> list[YamlDocument]:
    """Parse ``source``: any number of documents, each a mapping. Raises SourceInvalid with the exact position."""
    return _read(source, most_documents=sys.maxsize)


def _read(source: str, most_documents: int) -> list[YamlDocument]:
    yaml = YAML(typ="safe", pure=True)
    builder = _Builder(yaml, most_documents)
    try:
        for event in yaml.parse(source):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(" ".join(filter(None, [error.context, error.problem])), mark)
    except ReaderError as error:
        fault = fault_at(source, error.position, "this character is not allowed in YAML")
        raise SourceInvalid("The YAML cannot be read.", errors=[fault]) from None
    except YAMLError as error:
        raise SourceInvalid("The YAML cannot be read.", errors=[Fault("", str(error), 1, 1)]) from None
    except (ValueError, OverflowError):  # the parser hands the number of an escape to chr() unchecked
        beyond = (match for match in re.finditer(r"\\U([0-9A-Fa-f]{8})", source) if int(match[1], 16) > sys.maxunicode)
        escape = next(beyond, None)
        fault = fault_at(source, escape.start() if escape else 0, "this escape is not a character; correct it")
        raise SourceInvalid("The YAML cannot be read.", errors=[fault]) from None
    return [_mapping(document) for document in builder.documents]


def _mapping(document: YamlDocument) -> YamlDocument:
    if not isinstance(document.data, dict):
        message = "start with keys and values, such as `name: my-agent`"
        raise SourceInvalid("The YAML is not a mapping.", errors=[document.fault((), message)])
    return document


class _Builder:
    """Takes the events in order; ``_stack`` holds the open collections, ``_path`` where the next value belongs."""

    def __init__(self, yaml: YAML, most_documents: int) -> None:
        self.documents: list[YamlDocument] = []
        self._most_documents = most_documents
        self._stack: list[dict | list] = []
        self._path: list[str | int] = []
        self._key: str | None = None
        self._yaml = yaml

    def take(self, event: Any) -> None:
        match event:
            case DocumentStartEvent():
                self.documents.append(YamlDocument())
                if len(self.documents) > self._most_documents:
                    _refuse("a second document begins here; keep one agent in each file", event.start_mark)
            case AliasEvent():
                _refuse(f"aliases are not supported; write the value of *{event.anchor} out", event.start_mark)
            case MappingStartEvent() | SequenceStartEvent():
                self._check_node(event)
                self._open({} if isinstance(event, MappingStartEvent) else [], event.start_mark)
            case MappingEndEvent() | SequenceEndEvent():
                self._stack.pop()
                self._close()
            case ScalarEvent():
                self._check_node(event)
                self._scalar(event)

    def _check_node(self, event: Any) -> None:
        if event.tag is not None and str(event.tag) != "!":
            _refuse(f"tags are not supported; remove {event.tag}", event.start_mark)
        if event.anchor is not None:
            _refuse(f"anchors are not supported; remove &{event.anchor}", event.start_mark)

    def _open(self, collection: dict | list, mark: Any) -> None:
        if self._expects_key():
            _refuse("a key must be text", mark)
        if len(self._stack) >= MAX_DEPTH:
            _refuse(f"nested too deeply (more than {MAX_DEPTH} levels)", mark)
        self._place(collection, mark)
        self._stack.append(collection)

    def _close(self) -> None:
        if self._path:
            self._path.pop()
        self._key = None

    def _scalar(self, event: ScalarEvent) -> None:
        if self._expects_key():
            self._take_key(event)
        else:
            self._place(self._value(event), event.start_mark)
            self._close()

    def _take_key(self, event: ScalarEvent) -> None:
        key = self._value(event)
        if not isinstance(key, str):
            _refuse(f'a key must be text; put it in quotes: "{event.value}"', event.start_mark)
        if key in self._stack[-1]:
            _refuse(f"the key {key!r} is here twice; keep one", event.start_mark)
        self._key = key
        self.documents[-1].keys[(*self._path, key)] = _position(event.start_mark)

    def _place(self, value: Any, mark: Any) -> None:
        """Put ``value`` where it belongs and step into its path; ``_close`` steps out."""
        if self._stack:
            parent = self._stack[-1]
            self._path.append(len(parent) if isinstance(parent, list) else str(self._key))
            if isinstance(parent, list):
                parent.append(value)
            else:
                parent[self._key] = value
        else:
            self.documents[-1].data = value
        self.documents[-1].values[tuple(self._path)] = _position(mark)
        self._key = None

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1], dict) and self._key is None

    def _value(self, event: ScalarEvent) -> Any:
        tag = str(self._yaml.resolver.resolve(ScalarNode, event.value, event.implicit))
        kind = tag.rpartition(":")[2]
        node = ScalarNode(tag, event.value, start_mark=event.start_mark)
        try:
            value = (
                getattr(self._yaml.constructor, f"construct_yaml_{kind}")(node) if kind in _CONSTRUCTED else event.value
            )
        except ValueError:  # Python refuses to read an integer of thousands of digits
            _refuse("this number cannot be read", event.start_mark)
        if problem := json_problem(value):
            _refuse(problem, event.start_mark)
        return value


_CONSTRUCTED = {"null", "bool", "int", "float"}  # everything else, dates too, stays the text that was written


def _position(mark: Any) -> Position:
    return (mark.line + 1, mark.column + 1)


def _refuse(message: str, mark: Any) -> NoReturn:
    line, column = _position(mark) if mark is not None else (1, 1)
    raise SourceInvalid("The YAML cannot be read.", errors=[Fault("", message, line, column)]) from None
