"""What published machines say of the load of their nodes, each predicted by the others.

The mean draw of a node over the board power of its devices is one number for a kind of node (`load_over_boards` of the
catalogue). It is the number that makes the mean relative error of the machines of that kind least: the median of their
own ratios, each weighted by the share of boards in what was published. Machines whose count of devices is doubtful are
left out. A machine is judged by the number that the other machines of its kind give.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lindos.catalog import Catalog
from lindos.validation.run import OneShare
from lindos.validation.site_power import SitePrediction, kind_of_node, validate_sites
from lindos.validation.site_rows import MACHINE, OnePower, SiteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLoad:
    """A machine: its kind of node, board power and network, and the load of its kind without it."""

    prediction: SitePrediction
    kind: str  # id of the system whose load it shares
    boards: OnePower
    network: OnePower  # switches and optics, which no node holds
    load_of_others: OneShare | None  # None where no other machine of its kind has a plausible count

    @property
    def load(self) -> OneShare:
        """Published draw of the nodes over their boards."""
        assert self.prediction.row.it_power is not None
        return (self.prediction.row.it_power - self.network) / self.boards

    @property
    def error(self) -> OneShare | None:
        """Power by the load of the others over the published one, less one."""
        published = self.prediction.row.it_power
        if self.load_of_others is None or not published:
            return None
        return (self.load_of_others * self.boards + self.network) / published - 1.0


def machine_loads(catalog: Catalog, rows: Sequence[SiteRow]) -> tuple[MachineLoad, ...]:
    """Judge every machine by the load of the other machines of its kind.

    Parameters
    ----------
    catalog
        Systems and networks.
    rows
        Published power; rows of sites are passed over.
    """
    machines = [
        _machine(prediction, catalog)
        for prediction in validate_sites(catalog, [row for row in rows if row.kind == MACHINE]).predictions
        if prediction.network is not None and prediction.row.it_power
    ]
    return tuple(
        replace(machine, load_of_others=load_of_kind([peer for peer in machines if peer is not machine], machine.kind))
        for machine in machines
    )


def load_of_kind(machines: Sequence[MachineLoad], kind: str) -> OneShare | None:
    """Compute the load of a kind of node from machines; None where none of them has a plausible count of devices.

    Parameters
    ----------
    machines
        Machines of any kind.
    kind
        Id of the system whose load they share.
    """
    peers = sorted(
        (machine.load, machine.boards / (machine.prediction.row.it_power or 1.0))
        for machine in machines
        if machine.kind == kind and not machine.prediction.is_count_doubtful
    )
    half = sum(weight for _, weight in peers) / 2
    passed = 0.0
    for load, weight in peers:
        passed += weight
        if passed >= half:
            return load
    return None


def _machine(prediction: SitePrediction, catalog: Catalog) -> MachineLoad:
    name, count = prediction.systems[0], prediction.row.parts[0][1]
    board = catalog.accelerator(catalog.system(name).accelerator).board_power
    assert prediction.network is not None
    return MachineLoad(
        prediction=prediction,
        kind=kind_of_node(name),
        boards=round(count) * float(board.value),
        network=prediction.network,
        load_of_others=None,
    )
