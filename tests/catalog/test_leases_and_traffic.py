"""Published leases and the traffic of Grok: prices and tokens that follow from them."""

import pytest

from lindos.catalog import load_catalog
from lindos.scenario.read import read_scenario

CATALOG = load_catalog()


@pytest.mark.parametrize(("lease", "dollars"), [("anthropic-colossus", 5.27), ("google-spacex", 11.46)])
def test_what_a_leased_device_costs_an_hour(lease: str, dollars: float) -> None:
    assert CATALOG.records("leases")[lease].hourly_price == pytest.approx(dollars, rel=0.01)


def test_the_traffic_of_colossus_1_follows_from_users() -> None:
    facts = {
        name: CATALOG.parameter(f"traffic.{name}", "1")
        for name in (
            "grok_monthly_users",
            "messages_per_user_day",
            "input_tokens_per_message",
            "output_tokens_per_message",
            "grok_api_tokens_per_day",
        )
    }

    def tokens(end: str, kind: str) -> float:
        users, messages, length = (
            float(getattr(facts[name], end))
            for name in ("grok_monthly_users", "messages_per_user_day", f"{kind}_tokens_per_message")
        )
        return users * messages * length

    spec = read_scenario("colossus-1")[0].inference
    assert spec is not None
    interface = float(facts["grok_api_tokens_per_day"].value)
    day = 86_400.0
    both = spec.input_tokens * day + spec.output_tokens * day
    assert both == pytest.approx(tokens("value", "input") + tokens("value", "output") + interface, rel=0.05)
    for kind, rate in (("input", spec.input_tokens), ("output", spec.output_tokens)):
        assert tokens("low", kind) < rate * day < tokens("high", kind) + interface
