"""What a docstring says: Google, NumPy, reStructuredText and Epydoc styles."""

import ast
from dataclasses import dataclass, field

import docstring_parser

from nexdeck.services.catalog.sources.python_agent.module import Function


@dataclass(frozen=True)
class Docs:
    summary: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    returns: str = ""


def docs_of(node: Function | ast.ClassDef | ast.Module) -> Docs:
    text = ast.get_docstring(node) or ""
    try:
        parsed = docstring_parser.parse(text)
    except docstring_parser.ParseError:
        return Docs(summary=text.strip().partition("\n")[0])
    parameters = {item.arg_name: _one_line(item.description) for item in parsed.params if item.description}
    returns = parsed.returns.description if parsed.returns else ""
    return Docs(_one_line(parsed.short_description), parameters, _one_line(returns))


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
