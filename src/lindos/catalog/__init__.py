"""Facts as data, every value with its source: hardware, models, sites, prices, failure rates, trends."""

from lindos.catalog.facts import Fact, Source, ledger
from lindos.catalog.load import Catalog
from lindos.catalog.model import Model
from lindos.catalog.overlay import load_catalog

__all__ = ["Catalog", "Fact", "Model", "Source", "ledger", "load_catalog"]
