"""What a gigawatt of GB300 racks costs and draws, part by part."""

from lindos import site
from lindos.catalog import load_catalog
from lindos.results import rows
from lindos.scenario import Cluster
from lindos.scenario.resolve import pool_from_system
from lindos.units import render

catalog = load_catalog()
cluster = Cluster(name="mine", pools=(pool_from_system(catalog, "gb300-nvl72", 360_000),))
estimate = site.estimate(cluster, catalog.site("generic-us"), site.costs(catalog))
for row in rows(estimate):
    print(f"{row.name:28} {render(float(row.value), row.unit):>16}   {row.why}")
