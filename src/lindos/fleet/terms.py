"""The same fleet at other terms: taken back at will, as its owner pays for it, or bought by the token."""

from dataclasses import dataclass

from lindos.catalog import Catalog
from lindos.fleet.estimate import middle
from lindos.fleet.result import Placement
from lindos.quantities import UsdPerSecond, UsdPerToken

#: Tier at which tokens are bought at once.
_TIER = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One way to carry the traffic: its bill, and prices of a token read and of one written."""

    provider: str
    term: str
    date: str
    bill: UsdPerSecond
    input_price: UsdPerToken
    output_price: UsdPerToken


def terms(catalog: Catalog, place: Placement, model: str) -> tuple[Term, ...]:
    """List what the traffic costs on the chosen device at every term, and by the token.

    Parameters
    ----------
    catalog
        Prices of devices and of tokens.
    place
        The chosen placement.
    model
        Name of the model, whose tokens are sold where its weights are public.

    Returns
    -------
    tuple of Term
        Cheapest first; the newest price of a provider at a term.
    """
    listed = [*_devices(catalog, place), *_tokens(catalog, place, model)]
    newest: dict[tuple[str, str], Term] = {}
    for term in sorted(listed, key=lambda entry: entry.date):
        newest[term.provider, term.term] = term
    return tuple(sorted(newest.values(), key=lambda entry: float(entry.bill)))


def _devices(catalog: Catalog, place: Placement) -> list[Term]:
    made = []
    for price in catalog.cloud_prices(place.accelerator):
        if price.price.is_known:
            ratio = middle(price.price.value) / middle(place.price)
            made.append(
                Term(
                    provider=price.provider,
                    term=price.term,
                    date=price.date,
                    bill=middle(place.bill) * ratio,
                    input_price=middle(place.input_price) * ratio,
                    output_price=middle(place.output_price) * ratio,
                )
            )
    return made


def _tokens(catalog: Catalog, place: Placement, model: str) -> list[Term]:
    made = []
    for price in catalog.token_prices(model):
        if price.tier != _TIER or not (price.input.is_known and price.output.is_known):
            continue
        read, written = middle(price.input.value), middle(price.output.value)
        again = middle(price.cached_input.value) if price.cached_input.is_known else read
        cached = middle(place.cached_share)
        rate = middle(place.input_rate) * ((1 - cached) * read + cached * again) + middle(place.output_rate) * written
        made.append(
            Term(
                provider=price.provider,
                term="by the token",
                date=price.date,
                bill=rate,
                input_price=read,
                output_price=written,
            )
        )
    return made
