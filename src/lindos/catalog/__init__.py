"""Facts as data, every value with its source: hardware, models, sites, prices, failure rates, trends."""

from lindos.catalog.facts import Fact, Source, ledger
from lindos.catalog.load import Catalog, load_catalog
from lindos.catalog.model import Model

__all__ = ["Catalog", "Fact", "Model", "Source", "ledger", "load_catalog"]
