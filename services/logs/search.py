"""Search in log lines: the same words on SQLite (FTS5), on PostgreSQL (tsvector) and in lines that just came in.

A line matches when each term of the query is in its message or exception. A term is what stands between spaces; it
matches from the beginning of a word on (``tim`` finds ``timeout``), and whatever is neither letter nor digit separates
words (``order-17`` finds ``order 17``). Case does not matter.
"""

import re
from collections.abc import Callable

from sqlalchemy import ColumnElement, Select, bindparam, column, delete, select, table, text
from sqlmodel import Session

from nexdeck.models.log import ENTRY_COLUMNS, LogEntry, LogRecord
from nexdeck.services.errors import Fault, InvalidInput

MOST_TERMS = 20
_WORD = re.compile(r"[^\W_]+")


def terms_of(query: str) -> list[list[str]]:
    """The words of each term. Raises InvalidInput when something was entered but no word is in it."""
    terms = [words for term in query.split() if (words := _WORD.findall(term.lower()))][:MOST_TERMS]
    if query.strip() and not terms:
        message = "enter a word to search for: at least one letter or digit"
        raise InvalidInput("There is no word in the search.", errors=[Fault("q", message)])
    return terms


def lines_of(session: Session, deployment_id: str, terms: list[list[str]]) -> tuple[Select, ColumnElement[int]]:
    """A deployment's lines with these terms, and the column to order and to page them by."""
    lines = select(*ENTRY_COLUMNS).where(LogRecord.deployment_id == deployment_id)
    if not terms:
        return lines, LogRecord.id
    if session.get_bind().dialect.name == "postgresql":
        query = " & ".join(f"({' <-> '.join(words)}:*)" for words in terms)
        return lines.where(
            text("log_record.search @@ to_tsquery('simple', :terms)").bindparams(terms=query)
        ), LogRecord.id
    phrases = " AND ".join(f'"{" ".join(words)}" *' for words in terms)
    ours = " ".join(_WORD.findall(deployment_id))
    query = f'deployment_id : "{ours}" AND {{message exception}} : ({phrases})'
    # by the index's own row numbers, which it walks in order: a common word then costs no more than a rare one
    found = table("log_search", column("rowid"))
    lines = lines.join_from(found, LogRecord, LogRecord.id == found.c.rowid)
    return lines.where(text("log_search MATCH :terms").bindparams(terms=query)), found.c.rowid


def add_to_index(session: Session, first_id: int) -> None:
    """Make the lines from ``first_id`` on findable. All at once: a trigger for each line takes ten times as long."""
    if session.get_bind().dialect.name == "sqlite":
        lines = "SELECT id, deployment_id, message, exception FROM log_record WHERE id >= :first"
        add = text(f"INSERT INTO log_search (rowid, deployment_id, message, exception) {lines}")
        session.execute(add, {"first": first_id})


def remove_lines(session: Session, ids: list[int]) -> None:
    """Remove lines from the table and the index, which must be told what it was that it forgets."""
    if session.get_bind().dialect.name == "sqlite":
        lines = "SELECT 'delete', id, deployment_id, message, exception FROM log_record WHERE id IN :ids"
        forget = text(f"INSERT INTO log_search (log_search, rowid, deployment_id, message, exception) {lines}")
        session.execute(forget.bindparams(bindparam("ids", expanding=True)), {"ids": ids})
    session.execute(delete(LogRecord).where(LogRecord.id.in_(ids)))


def matcher(terms: list[list[str]]) -> Callable[[LogEntry], bool]:
    """The same test for a line that is at hand."""
    patterns = [re.compile(r"(?<![^\W_])" + r"[\W_]+".join(words), re.IGNORECASE) for words in terms]
    return lambda line: all(p.search(line.message) or p.search(line.exception or "") for p in patterns)
