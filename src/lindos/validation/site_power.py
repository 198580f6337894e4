"""Power of published sites and machines, predicted from their devices alone, and scored.

A site is compared at full load. A machine of the TOP500 is compared while HPL runs: its nodes at their mean draw, with
switches and optics, without storage, which is not measured there. What was published is never an input.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from lindos import site
from lindos.catalog import Catalog
from lindos.catalog.gaps import known_sum
from lindos.catalog.yaml_file import yaml_text
from lindos.errors import InputError, UnknownValueError
from lindos.problem.cluster import Cluster
from lindos.quantities import Real
from lindos.scenario.resolve import pool_from_system, site_of
from lindos.scenario.schema import SiteSpec
from lindos.site import SitePower
from lindos.validation.run import OneShare
from lindos.validation.site_chips import system_of_chips
from lindos.validation.site_rows import MACHINE, SITE, OnePower, SiteRow, read_site_rows

#: Errors within this share count as close.
CLOSE = 0.15
#: Draws of uncertain facts.
NUM_DRAWS = 512
_SPAN = (10.0, 90.0)
#: A machine under HPL draws at least this share of its boards, and at most this much of all that it is rated for.
_LEAST_LOAD, _MOST_LOAD = 0.5, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePrediction:
    """IT and facility power of a row with 80 % ranges; None where a device is not in the catalogue."""

    row: SiteRow
    systems: tuple[str, ...]
    it_power: OnePower | None = None
    low: OnePower | None = None
    high: OnePower | None = None
    facility_power: OnePower | None = None
    network: OnePower | None = None  # of this, switches and optics
    bounds: tuple[OnePower, OnePower] | None = None  # half of its boards, and what it is rated for
    refusal: str = ""

    @property
    def error(self) -> OneShare | None:
        """Predicted over published, less one."""
        if self.it_power is None or not self.row.it_power:
            return None
        return self.it_power / self.row.it_power - 1.0

    @property
    def is_count_doubtful(self) -> bool:
        """Whether the published power per device is more than a node is rated for, or less than half of its boards."""
        if self.bounds is None or not self.row.it_power:
            return False
        least, most = self.bounds
        return not least <= self.row.it_power <= most

    @property
    def covered(self) -> bool | None:
        """Whether the published power lies in the range."""
        if self.low is None or self.high is None or self.row.it_power is None:
            return None
        return self.low <= self.row.it_power <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSlice:
    """Errors of a set of rows, as shares of the published power."""

    rows: int
    refused: int
    median_abs_error: OneShare | None
    p90_abs_error: OneShare | None
    bias: OneShare | None  # median of the signed errors
    close: OneShare | None  # share of rows within CLOSE
    coverage_80: OneShare | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteScore:
    """Predictions of all rows, and their errors by slice."""

    predictions: tuple[SitePrediction, ...]
    slices: Mapping[str, SiteSlice]


def validate_sites(catalog: Catalog, rows: Sequence[SiteRow] | None = None) -> SiteScore:
    """Predict the power of published sites and machines, and score it.

    Parameters
    ----------
    catalog
        Systems, fabrics and parameters of power.
    rows
        Rows of a file; those that ship if None.
    """
    predictions = tuple(predict_site(row, catalog) for row in (read_site_rows() if rows is None else rows))
    groups: dict[str, list[SitePrediction]] = {}
    for prediction in predictions:
        row = prediction.row
        group = f"{row.kind}, count {row.basis}" if row.kind == SITE else f"{row.kind} under HPL"
        names = ["all", group, *(f"{row.kind}: {system}" for system in prediction.systems[:1])]
        if row.kind == MACHINE and not prediction.is_count_doubtful:
            names.insert(2, f"{group}, count plausible")
        for name in names:
            groups.setdefault(name, []).append(prediction)
    return SiteScore(predictions=predictions, slices={name: slice_of(group) for name, group in groups.items()})


def predict_site(row: SiteRow, catalog: Catalog) -> SitePrediction:
    """Predict the power of one row from its devices.

    Parameters
    ----------
    row
        Its published power is not read.
    catalog
        Systems, fabrics and parameters of power.
    """
    names = [system_of(text, row.kind, catalog) for text, _ in row.parts]
    unknown = [
        text for (text, _), name in zip(row.parts, names, strict=True) if catalog.record_id("systems", name) is None
    ]
    if unknown:
        return SitePrediction(row=row, systems=(), refusal=f"no system of the catalogue has {', '.join(unknown)}")
    counts = [(name, round(count)) for name, (_, count) in zip(names, row.parts, strict=True)]
    try:
        point = _power(counts, catalog)
        drawn = _power(counts, catalog.sampled(NUM_DRAWS))
    except (InputError, UnknownValueError) as error:
        return SitePrediction(row=row, systems=tuple(names), refusal=str(error))
    compared: Callable[[SitePower], Real | None] = _under_load if row.kind == MACHINE else lambda power: power.it_power
    value, draws = compared(point), compared(drawn)
    if value is None or draws is None:
        return SitePrediction(row=row, systems=tuple(names), refusal="its power is unknown")
    low, high = np.percentile(np.asarray(draws, dtype=float), _SPAN)
    return SitePrediction(
        row=row,
        systems=tuple(names),
        it_power=float(value),
        low=float(low),
        high=float(high),
        facility_power=None if point.total is None or row.kind == MACHINE else float(point.total),
        network=_network(point),
        bounds=_bounds(counts, point, catalog),
    )


def _bounds(counts: Iterable[tuple[str, int]], point: SitePower, catalog: Catalog) -> tuple[OnePower, OnePower] | None:
    boards = [catalog.accelerator(catalog.system(name).accelerator).board_power for name, _ in counts]
    if point.it_power is None or not all(board.is_known for board in boards):
        return None
    total = sum(count * float(board.value) for (_, count), board in zip(counts, boards, strict=True))
    return _LEAST_LOAD * total, _MOST_LOAD * float(point.it_power)


def _power(counts: Iterable[tuple[str, int]], catalog: Catalog) -> SitePower:
    pools = tuple(
        pool_from_system(catalog, name, count, label=f"{name} ({index})") for index, (name, count) in enumerate(counts)
    )
    cluster = Cluster(name="published", pools=pools)
    return site.site_power(cluster, site_of(SiteSpec(), catalog), site.costs(catalog))


def _network(power: SitePower) -> OnePower | None:
    network = known_sum((power.switches, power.optics))
    return None if network is None else float(network)


def _under_load(power: SitePower) -> Real | None:
    return known_sum((power.systems_mean, power.switches, power.optics))


def slice_of(predictions: Sequence[SitePrediction]) -> SiteSlice:
    """Summarise the errors of some rows.

    Parameters
    ----------
    predictions
        Predictions of the rows.
    """
    errors = np.array([p.error for p in predictions if p.error is not None], dtype=float)
    covered = [p.covered for p in predictions if p.covered is not None]
    some = len(errors) > 0
    return SiteSlice(
        rows=len(predictions),
        refused=sum(bool(p.refusal) for p in predictions),
        median_abs_error=float(np.median(abs(errors))) if some else None,
        p90_abs_error=float(np.percentile(abs(errors), 90)) if some else None,
        bias=float(np.median(errors)) if some else None,
        close=float(np.mean(abs(errors) <= CLOSE)) if some else None,
        coverage_80=float(np.mean(covered)) if covered else None,
    )


def system_of(text: str, kind: str, catalog: Catalog) -> str:
    """Get the id of the system that a text names; the text itself if none matches.

    Parameters
    ----------
    text
        Name of the chips of a site, or computer and accelerator of a machine.
    kind
        Kind of the row.
    catalog
        Chips by all their names.
    """
    nodes = _nodes()
    if kind == SITE:
        return system_of_chips(text, nodes["chips"], catalog)
    matches = (entry["system"] for entry in nodes["machines"] if re.search(entry["match"], text, re.IGNORECASE))
    return str(next(matches, text))


def kind_of_node(system: str) -> str:
    """Get the id of the system with whose machines those of a system are counted: nodes that differ in memory alone.

    Parameters
    ----------
    system
        Id of a system.
    """
    return str(_nodes()["kinds"].get(system, system))


@cache
def _nodes() -> Mapping[str, Any]:
    data: Mapping[str, Any] = yaml_text(files("lindos.validation").joinpath("nodes.yaml").read_text(encoding="utf-8"))
    return data


def site_document(score: SiteScore) -> dict[str, Any]:
    """Write a score as plain data.

    Parameters
    ----------
    score
        Score of a file.
    """
    rows = [
        {
            "name": p.row.name,
            "date": p.row.date,
            "kind": p.row.kind,
            "basis": p.row.basis,
            "systems": list(p.systems),
            "published_it_power": p.row.it_power,
            "it_power": p.it_power,
            "low": p.low,
            "high": p.high,
            "published_facility_power": p.row.facility_power,
            "facility_power": p.facility_power,
            "error": p.error,
            "count_doubtful": p.is_count_doubtful,
            "status": "not_predicted" if p.refusal else "predicted",
            "reason": p.refusal,
        }
        for p in score.predictions
    ]
    every = score.slices["all"]
    head = {
        "rows": every.rows,
        "predicted": every.rows - every.refused,
        "median_abs_error": every.median_abs_error,
        "p90_abs_error": every.p90_abs_error,
        "within_15_percent": every.close,
        "coverage_80": every.coverage_80,
    }
    return {"power": head, "results": rows, "slices": {name: asdict(part) for name, part in score.slices.items()}}


def sites_csv(score: SiteScore) -> bytes:
    """Write the prediction of every row as CSV.

    Parameters
    ----------
    score
        Score of a file.
    """
    text = io.StringIO()
    rows = site_document(score)["results"]
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["name"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: ";".join(value) if isinstance(value, list) else value for key, value in row.items()})
    return text.getvalue().encode()
