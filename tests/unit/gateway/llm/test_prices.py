"""The estimated cost of tokens: what the operator says, and nothing else."""

import pytest

from nexdeck.app.gateway.llm.prices import Prices

USAGE = {"input_tokens": 2_000_000, "output_tokens": 500_000, "total_tokens": None}


def test_a_model_with_a_price_costs_and_one_without_costs_nothing():
    prices = Prices("gpt-4o=2.5/10, qwen2.5:7b=0/0.2")
    assert prices.cost("gpt-4o", USAGE) == 10.0
    assert prices.cost("qwen2.5:7b", USAGE) == pytest.approx(0.1)
    assert (prices.cost("another", USAGE), prices.cost(None, USAGE), Prices("").cost("gpt-4o", USAGE)) == (0, 0, 0)
    assert prices.cost("gpt-4o", {"input_tokens": None}) == 0


@pytest.mark.parametrize("listed", ["gpt-4o", "gpt-4o=2.5", "=1/2", "gpt-4o=a/b", "gpt-4o=-1/2", "gpt-4o=nan/1"])
def test_what_is_no_price_is_refused(listed):
    with pytest.raises(ValueError):
        Prices(listed)
