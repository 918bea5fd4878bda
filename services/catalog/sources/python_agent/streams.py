"""Functions that yield: what their pieces are, and what answer the pieces make, as the gateway puts it together."""

import ast

from nexdeck.models.manifest import CHUNKS_KEYWORD, JsonSchema
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.python_agent.module import Function, PythonModule, last_name
from nexdeck.services.catalog.sources.python_agent.types import TypeReader, alternatives

_ITERATORS = {"AsyncIterator", "AsyncGenerator", "AsyncIterable", "Iterator", "Generator", "Iterable"}


def yields(function: Function) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own_nodes(function))


def piece_of(function: Function) -> ast.expr | None:
    """The type of the pieces: T of ``AsyncIterator[T]``; None where the function does not say."""
    hint = function.returns
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        try:
            hint = ast.copy_location(ast.parse(hint.value, mode="eval").body, hint)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    if not isinstance(hint, ast.Subscript) or last_name(hint) not in _ITERATORS:
        return None
    return hint.slice.elts[0] if isinstance(hint.slice, ast.Tuple) else hint.slice


def answer_of(piece: ast.expr | None, module: PythonModule) -> ast.expr | None:
    """The type of the answer: of pieces that are all texts a text, otherwise that of the pieces that are none."""
    if piece is None:
        return None
    reader = TypeReader(module, for_input=False)
    others = [part for part in alternatives(piece) if reader.read(part).get("type") != "string"]
    if not others:
        return piece
    answer = others[0]
    for part in others[1:]:
        answer = ast.BinOp(left=answer, op=ast.BitOr(), right=part)
    return answer


def with_chunks(outputs: JsonSchema, piece: ast.expr | None, module: PythonModule) -> JsonSchema:
    """The schema of the answer, with that of its pieces beside it."""
    chunk = TypeReader(module, for_input=False).read(piece)
    return {**(outputs or schemas.any_object()), CHUNKS_KEYWORD: chunk}


def _own_nodes(function: Function) -> list[ast.AST]:
    """The nodes of its body, without those of functions inside it."""
    found, pending = [], list(function.body)
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return found
