"""What a benchmark found, and the table of all."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """``value`` beside ``baseline`` in the same ``unit``; ``target`` in words, ``met`` if the value keeps it."""

    name: str
    value: float
    unit: str
    baseline_name: str
    baseline: float
    target: str
    met: bool
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.baseline if self.baseline else float("inf")


def show(figures: list[Figure]) -> None:
    table = Table("figure", "measured", "baseline", "ratio", "target", "", title="Nexdeck benchmarks")
    for figure in figures:
        table.add_row(
            figure.name + (f"\n[dim]{figure.note}[/dim]" if figure.note else ""),
            f"{figure.value:,.3g} {figure.unit}" if figure.value < 100 else f"{figure.value:,.0f} {figure.unit}",
            f"{figure.baseline:,.3g} {figure.unit}\n[dim]{figure.baseline_name}[/dim]"
            if figure.baseline < 100
            else f"{figure.baseline:,.0f} {figure.unit}\n[dim]{figure.baseline_name}[/dim]",
            f"{figure.ratio:.2f}",
            figure.target,
            "[green]met[/green]" if figure.met else "[red]missed[/red]",
        )
    Console(width=140).print(table)
