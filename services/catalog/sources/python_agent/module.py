"""A Python module as its syntax tree shows it. Nothing is imported or executed."""

import ast
from dataclasses import dataclass, field
from typing import Any, NoReturn

from nexdeck.services.catalog.sources.text import json_problem
from nexdeck.services.errors import Fault, SourceInvalid

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class PythonModule:
    """The names that a module defines at its top level; the last definition of a name counts, as in Python."""

    tree: ast.Module
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)

    def derives_from(self, name: str, base: str, depth: int = 0) -> bool:
        """Whether class ``name`` of this module has ``base`` (any import of it) among its ancestors."""
        node = self.classes.get(name)
        if node is None or depth > 20:
            return False
        parents = [last_name(parent) for parent in node.bases]
        return base in parents or any(self.derives_from(parent, base, depth + 1) for parent in parents)

    def literal(self, name: str, kind: type) -> Any:
        """The JSON value of the constant ``name``; None if the module has none. Raises SourceInvalid for another."""
        node = self.values.get(name)
        if node is None:
            return None
        wanted = {dict: "a dict", list: "a list", str: "a string"}[kind]
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            refuse(node, f"{name} must be {wanted} written out here, without calls or variables", path=name)
        if not isinstance(value, kind):
            refuse(node, f"{name} must be {wanted}", path=name)
        if problem := json_problem(value):
            refuse(node, f"{name}: {problem}", path=name)
        return value


def parse_module(source: str) -> PythonModule:
    """Raises SourceInvalid with the line and column of a syntax error."""
    try:
        module = PythonModule(ast.parse(source))
    except SyntaxError as error:
        fault = Fault("", error.msg, error.lineno or 1, max(error.offset or 1, 1))
        raise SourceInvalid("The Python source has a syntax error.", errors=[fault]) from None
    except (RecursionError, MemoryError, ValueError):
        raise SourceInvalid("The Python source cannot be read.", errors=[Fault("", "nested too deeply")]) from None
    for node in module.tree.body:
        _note(module, node)
    return module


def _note(module: PythonModule, node: ast.stmt) -> None:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            _forget(module, name)
            module.functions[name] = node
        case ast.ClassDef(name=name):
            _forget(module, name)
            module.classes[name] = node
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    _forget(module, target.id)
                    module.values[target.id] = value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            _forget(module, name)
            module.values[name] = value
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            module.imported |= {(alias.asname or alias.name).partition(".")[0] for alias in names}


def _forget(module: PythonModule, name: str) -> None:
    for names in (module.functions, module.classes, module.values):
        names.pop(name, None)


def last_name(node: ast.expr) -> str:
    """``List`` of ``typing.List``, ``dataclass`` of ``@dataclass(frozen=True)``; empty if it is no name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return last_name(inner)
    return ""


def keyword_of(call: ast.Call | ast.ClassDef, *names: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg in names), None)


def text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def fault(node: ast.AST, message: str, path: str = "") -> Fault:
    return Fault(path, message, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)


def refuse(node: ast.AST, message: str, path: str = "") -> NoReturn:
    raise SourceInvalid("The Python source cannot be an agent.", errors=[fault(node, message, path)]) from None
