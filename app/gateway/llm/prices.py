"""What tokens of models cost, where the operator says so; nothing is assumed."""

from collections.abc import Mapping

MILLION = 1_000_000


class Prices:
    """From ``model=IN/OUT`` by comma: the price of a million tokens read and of a million written."""

    def __init__(self, listed: str = "") -> None:
        """Raises ValueError for what has another form."""
        self._by_model: dict[str, tuple[float, float]] = {}
        for entry in filter(None, map(str.strip, listed.split(","))):
            model, _, both = entry.rpartition("=")
            read, _, written = both.partition("/")
            prices = float(read), float(written)
            if not model or not all(0 <= price < MILLION for price in prices):
                raise ValueError(f"{entry!r} is not MODEL=IN/OUT")
            self._by_model[model.strip()] = prices

    def cost(self, model: str | None, usage: Mapping[str, int | None]) -> float:
        """Of one answer; ``usage`` as kaizen's client gives it. 0 for a model without a price."""
        read, written = self._by_model.get(model or "", (0.0, 0.0))
        return ((usage.get("input_tokens") or 0) * read + (usage.get("output_tokens") or 0) * written) / MILLION
