"""How large the database is, table by table, and how long what is in it is kept."""

from collections.abc import Sequence

from nicegui import ui

from nexdeck.services.platform.table_sizes import TableSize

LARGEST = 6  # tables that are shown in any case, beside those whose rows go after a time


def storage_card(tables: Sequence[TableSize]) -> None:
    with ui.element("div").classes("card").mark("storage"):
        with ui.element("div").classes("card-head"):
            ui.label("Storage").classes("h2")
            ui.label(f"{in_words(sum(table.bytes for table in tables))} in all").classes("small fg2 num")
        with ui.element("div").classes("list storage"):
            with ui.element("div").classes("head"):
                for text, classes in (("Table", ""), ("Rows", "num end"), ("Size", "num end"), ("Kept", "")):
                    ui.label(text).classes(classes)
            with ui.element("div").classes("rows"):
                for place, table in enumerate(tables):
                    if table.kept or place < LARGEST:
                        _row(table)


def _row(table: TableSize) -> None:
    with ui.element("div").classes("item"):
        ui.label(table.name).classes("mono first")
        ui.label(f"{table.rows:,}").classes("num end").props('data-label="Rows"')
        ui.label(in_words(table.bytes)).classes("num end")
        ui.label(table.kept or "for good").classes("small fg2")


def in_words(size: int) -> str:
    """Bytes: ``12.4 MB``."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size} B"
