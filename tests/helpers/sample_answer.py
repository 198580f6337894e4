"""An answer with everything a report must survive: unknowns, extremes, long names, markup that must stay text."""

from lindos.answers.answer import Answer
from lindos.catalog.facts import Source
from lindos.elements import Chart, Figure, Section, Series, Table

SCRIPT = "</script><script>alert('x')</script>"
MARKUP = "[bold red]not markup[/] & <b>not bold</b>"


def _cluster() -> Section:
    return Section(
        name="cluster",
        title="The cluster",
        summary="550,000 GPUs, 4.5 million H100-equivalents at 8-bit dense, on three pools that came online in turn.",
        headline=("cluster.gpus", "cluster.peak", "cluster.mtbf"),
        figures=(
            Figure(name="cluster.gpus", title="GPUs", value=550_000.0, unit="1", why="as the scenario states"),
            Figure(
                name="cluster.peak",
                title="Peak, 8-bit dense",
                value=2.8e21,
                unit="FLOP/s",
                low=2.6e21,
                high=2.9e21,
                why="sum over the pools of devices times their dense peak",
                sources=("datasheet", "press"),
            ),
            Figure(
                name="cluster.mtbf", title="Time between failures", value=1_900.0, unit="s", low=1_200.0, high=3_100.0
            ),
            Figure(name="cluster.latency", title="Latency of a link", value=6e-7, unit="s", why="per hop"),
            Figure(
                name="cluster.unpublished", title="Cost of the fabric", value=None, unit="USD", why="no price found"
            ),
            Figure(
                name="cluster.odd",
                title=f"Odd {MARKUP}",
                value=1e-30,
                unit="W",
                why=SCRIPT,
                sources=("missing", "local"),
            ),
        ),
        tables=(
            Table(
                name="cluster.pools",
                title="Pools",
                columns=(
                    "pool",
                    "GPUs",
                    "H100-equivalents, 8-bit",
                    "H100-equivalents, BF16",
                    "peak",
                    "power",
                    "online",
                ),
                units=("", "1", "1", "1", "FLOP/s", "W", ""),
                rows=(
                    ("GB200 first batch", 110_000.0, 275_000.0, 271_000.0, 5.5e20, 2.1e8, "2025-10-19"),
                    ("GB200", 220_000.0, 5.5e5, 5.42e5, 1.1e21, 4.2e8, "2026-02-17"),
                    (MARKUP, 220_000.0, 5.5e5, None, 1.1e21, None, "2026-06-01"),
                ),
                note="Each pool is counted when it is online.",
            ),
        ),
    )


def _step() -> Section:
    parts = (
        ("matrix products", 6.1),
        ("attention", 1.9),
        ("memory-bound operators", 0.7),
        ("tensor-parallel exchange", 0.55),
        ("pipeline bubble", 1.2),
        ("gradient reduction, exposed", 0.31),
        ("optimiser", 0.04),
    )
    return Section(
        name="step",
        title="One training step",
        summary="A step takes 10.8 s at 38 % of the peak.",
        headline=("step.mfu", "step.time.total", "step.memory.total"),
        figures=(
            Figure(
                name="step.mfu",
                title="Model FLOP utilisation",
                value=0.384,
                unit="1",
                low=0.31,
                high=0.44,
                percent=True,
                why="model FLOPs over what the devices could do in the step, without recomputation",
                sources=("datasheet",),
            ),
            Figure(
                name="step.time.total",
                title="Step time",
                value=10.8,
                unit="s",
                low=9.4,
                high=13.3,
                why="the sum of the parts below",
                sources=tuple(f"paper-{at}" for at in range(47)),
            ),
            Figure(
                name="step.memory.total", title="Memory per device", value=1.52e11, unit="B", low=1.5e11, high=1.58e11
            ),
            *(Figure(name=f"step.time.{at}", title=name, value=v, unit="s") for at, (name, v) in enumerate(parts)),
        ),
        charts=(
            Chart(
                name="step.time",
                title="Where a step's time goes",
                kind="parts",
                unit="s",
                series=tuple(Series(name=name, x=("this plan",), y=(value,)) for name, value in parts),
            ),
            Chart(
                name="step.memory",
                title="Memory per device, by pipeline stage",
                kind="parts",
                unit="B",
                series=tuple(
                    Series(name=name, x=("first stage", "middle stage", "last stage"), y=values)
                    for name, values in (
                        ("parameters and gradients", (6.2e10, 6e10, 6.2e10)),
                        ("optimiser state", (3.1e10, 3e10, 3.1e10)),
                        ("activations", (5.9e10, 4.4e10, 2.8e10)),
                    )
                ),
                reference=(("memory of the device", 1.86e11),),
                note="The first stage holds the most micro-batches in flight.",
            ),
        ),
        notes=(f"Measured runs nearby: 14. {MARKUP}", "Outside the validated range above 24,576 devices."),
    )


def _site() -> Section:
    ends = tuple(f"{2026 + year}-07-22" for year in range(6))
    return Section(
        name="site",
        title="Power and money over the years",
        summary="1.2 GW at full load, $44 billion to build.",
        headline=("site.power", "site.capex", "site.device_cost", "site.price"),
        figures=(
            Figure(name="site.power", title="Facility power, full load", value=1.2e9, unit="W", low=1.1e9, high=1.4e9),
            Figure(
                name="site.capex",
                title="Capital cost",
                value=4.4e10,
                unit="USD",
                low=3.9e10,
                high=5.2e10,
                why="IT, network and building",
            ),
            Figure(
                name="site.device_cost",
                title="Cost of a GPU-hour",
                value=2.5 / 3600,
                unit="USD/s",
                low=2.1 / 3600,
                high=3.2 / 3600,
            ),
            Figure(name="site.price", title="Price of electricity", value=0.07 / 3.6e6, unit="USD/J"),
            Figure(
                name="site.long",
                title="A figure whose title is far longer than a figure's title should ever be, and then some",
                value=123_456_789.0,
                unit="J",
                why="a reason that goes on for a while, to see where it breaks and if the number stays whole",
            ),
        ),
        tables=(
            Table(
                name="site.years",
                title="Year by year",
                columns=(
                    "until",
                    "newest device",
                    "H100e online",
                    "H100e added",
                    "GPUs bought",
                    "facility power",
                    "spent",
                    "spent so far",
                    "of world supply",
                ),
                units=("", "", "1", "1", "1", "W", "USD", "USD", "%"),
                rows=tuple(
                    (
                        end,
                        "Blackwell Ultra",
                        4e5 * 3**at,
                        2e5 * 3**at,
                        1.2e5 * 2**at,
                        4e8 * 2**at,
                        1e10 * 2**at,
                        2e10 * 2**at,
                        0.04 * 1.7**at,
                    )
                    for at, end in enumerate(ends)
                ),
            ),
        ),
        charts=(
            Chart(
                name="site.online",
                title="H100-equivalents online (8-bit dense)",
                kind="lines",
                unit="1",
                series=(
                    Series(
                        name="on the way to the target",
                        x=ends,
                        y=tuple(4e5 * 3**at for at in range(6)),
                        low=tuple(4e5 * 2.7**at for at in range(6)),
                        high=tuple(4e5 * 3.4**at for at in range(6)),
                    ),
                    Series(name="at the pace of the record", x=ends, y=(4e5, 8e5, 1.6e6, None, 6.4e6, 1.28e7)),
                ),
                x_title="end of year",
                log=True,
                reference=(("target", 5e7),),
            ),
            Chart(
                name="site.supply",
                title="Wanted and shipped in a year",
                kind="bars",
                unit="1",
                series=(
                    Series(name="wanted", x=ends, y=tuple(3e6 * 2**at for at in range(6))),
                    Series(
                        name="shipped",
                        x=ends,
                        y=tuple(5e6 * 1.5**at for at in range(6)),
                        low=tuple(4e6 * 1.4**at for at in range(6)),
                        high=tuple(6e6 * 1.7**at for at in range(6)),
                    ),
                ),
                x_title="year to",
            ),
            Chart(
                name="site.spend",
                title="Spent in the year",
                kind="bars",
                unit="USD",
                series=(
                    Series(
                        name="spent",
                        x=("Fairwater (Mount Pleasant, Wisconsin)", "Colossus 2", SCRIPT),
                        y=(3.1e10, 4.4e10, 1.2e10),
                        low=(2.5e10, 4e10, None),
                        high=(3.9e10, 5.2e10, None),
                    ),
                ),
                reference=(("budget", 4e10),),
            ),
            Chart(
                name="site.delay",
                title=f"Work lost after a failure, by number of devices {SCRIPT}",
                kind="lines",
                unit="s",
                series=(Series(name=f"lost {SCRIPT}", x=(1e3, 1e4, 1e5, 2e5), y=(0.02, 0.04, 0.31, 0.62)),),
                x_title="devices",
            ),
            Chart(
                name="site.once",
                title="Built at once",
                kind="lines",
                unit="1",
                series=(Series(name="online", x=("2026-06-30",), y=(1.39e6,), low=(1.2e6,), high=(1.5e6,)),),
                x_title="end of year",
                log=True,
            ),
            Chart(
                name="site.limits",
                title="Memory by pool",
                kind="parts",
                unit="B",
                series=(Series(name="weights", x=("GB200", "GB300"), y=(6e10, 9e10)),),
                reference=(("capacity of GB200", 1.99e11), ("capacity of GB300", 2.98e11)),
            ),
        ),
    )


def _claims() -> Section:
    how = "550,000 devices x 1.9 kW each x 1.25 of overhead; no date is given for the second half"
    return Section(
        name="claims",
        title="What was claimed, and what holds",
        summary="2 statements checked: 1 holds, 1 off.",
        tables=(
            Table(
                name="claims.findings",
                title="The arithmetic",
                columns=("id", "what", "claimed", "computed", "off by", "verdict", "how"),
                units=("", "", "", "", "", "", ""),
                rows=(
                    (
                        "musk-50m-h100-equivalents",
                        "power of the cluster (today's racks)",
                        "1.2 GW",
                        "1.3 GW (1.1 to 1.5 GW)",
                        "1.08x",
                        "holds",
                        how,
                    ),
                    (
                        "altman-100m",
                        "price of the devices",
                        "none",
                        "$3.1 trillion ($2.5 trillion to $3.9 trillion)",
                        "",
                        "off",
                        how,
                    ),
                ),
            ),
        ),
    )


def sample() -> Answer:
    """The sample."""
    papers = {
        f"paper-{at}": Source(
            id=f"paper-{at}",
            title=f"Paper number {at}",
            url=f"https://example.org/{at}?a=1&b=2",
            kind="paper",
            date="2024",
        )
        for at in range(47)
    }
    return Answer(
        command="run",
        version="0.1.0",
        name="sample",
        title=f"Sample supercluster {SCRIPT}",
        statement=f"22 July 2025: the first batch of 550,000 GB200 goes online in a few weeks. {MARKUP}",
        inputs={
            "name": "sample",
            "date": "2025-07-22",
            "cluster": {"gpus": 550_000, "note": SCRIPT},
            "limit": float("inf"),
        },
        sections=(_cluster(), _step(), _site(), _claims()),
        warnings=(
            "job.precision is fp8, outside the validated range; the interval is widened.",
            f"Odd {MARKUP} {SCRIPT}",
        ),
        sources={
            "datasheet": Source(
                id="datasheet",
                title="A data sheet",
                url="https://example.org/sheet.pdf",
                kind="datasheet",
                date="2024-03",
            ),
            "press": Source(id="press", title=f"Press {SCRIPT}", url="javascript:alert(1)", kind="press"),
            "local": Source(id="local", title="A file", url="data/table.csv", kind="measurement"),
            **papers,
        },
    )
