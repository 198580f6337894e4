"""What is known of publishers and not printed in their rows: software, machines, and what a recipe leaves unsaid.

One fixed table for each kind of fact. A rule holds for every run of a source (a phrase in its name or address, and
years); no rule is about one row. The first rule that fits wins.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from lindos.validation.run import Run


class Source(NamedTuple):
    """Runs whose source or address holds ``phrase``, and ``also``, in any case, published in ``years``."""

    phrase: str
    years: tuple[int, int] = (0, 9999)
    also: str = ""

    def fits(self, run: Run) -> bool:
        """Whether ``run`` comes from here."""
        text = f"{run.source} {run.address}".lower()
        return (
            self.phrase.lower() in text
            and self.also.lower() in text
            and self.years[0] <= (run.year or self.years[0]) <= self.years[1]
        )


class StackRule(NamedTuple):
    """Software of a source; of its sharded runs another, where it compares the two."""

    source: Source
    stack: str
    sharded: str = ""


#: Software of each source, as its publication or repository says.
STACKS = (
    StackRule(Source("simumax"), "megatron-no-overlap"),
    *(StackRule(Source(f"container {release}"), "megatron-bridge-2025") for release in ("25.", "26.02", "26.04")),
    StackRule(Source("megatron-bridge"), "megatron-bridge"),
    StackRule(Source("primus"), "megatron-core-2025"),
    StackRule(Source("automodel"), "automodel"),
    StackRule(Source("torchtitan"), "torchtitan"),
    StackRule(Source("fms-fsdp"), "torchtitan"),
    StackRule(Source("llm-foundry"), "llm-foundry"),
    StackRule(Source("internevo"), "internevo"),
    StackRule(Source("maxtext"), "maxtext"),
    StackRule(Source("paxml"), "maxtext"),
    StackRule(Source("-PAX"), "maxtext"),
    StackRule(Source("tpu-recipes"), "maxtext"),
    StackRule(Source("gpu-recipes"), "maxtext"),
    StackRule(Source("PaLM"), "maxtext"),
    StackRule(Source("MLPerf", (2023, 2023)), "nemo-mlperf"),
    StackRule(Source("MLPerf"), "nemo-mlperf"),
    StackRule(Source("dgxc-benchmarking"), "megatron-core-2025"),
    StackRule(Source("NeMo"), "megatron-core-2025"),
    StackRule(Source("bigscience"), "megatron-deepspeed"),
    StackRule(Source("BLOOM"), "megatron-deepspeed"),
    StackRule(Source("MT-NLG"), "megatron-deepspeed"),
    StackRule(Source("GLM-130B"), "megatron-deepspeed"),
    StackRule(Source("Frontier"), "megatron-deepspeed"),
    StackRule(Source("Narayanan"), "megatron-2021", sharded="megatron-deepspeed"),
    StackRule(Source("Korthikanti"), "megatron-2021"),
    StackRule(Source("OPT-175B"), "megatron-2021"),
    StackRule(Source("MegaScale", also=", Megatron-LM"), "megatron-2021"),
    StackRule(Source("MegaScale"), "megascale"),
    StackRule(Source("DeepSeek-V3 technical report"), "dualpipe"),
    *(
        StackRule(Source(paper), stack)
        for paper, stack in (
            ("2412.19437", "dualpipe"),  # DeepSeek-V3
            ("2402.15627", "megascale"),
            ("2204.02311", "maxtext"),  # PaLM
            ("2201.11990", "megatron-deepspeed"),  # MT-NLG
            ("2210.02414", "megatron-deepspeed"),  # GLM-130B
            ("2104.04473", "megatron-2021"),
            ("2205.05198", "megatron-2021"),
            ("2205.01068", "megatron-2021"),  # OPT
        )
    ),
    StackRule(Source("Megatron"), "megatron-core-2025"),
)


def stack_of(run: Run) -> str:
    """Catalogue id of the software of ``run``; of a source that no rule names, by its accelerator and sharding."""
    sharded = is_sharded(run.sharding)
    rule = _first(STACKS, run)
    if rule is not None:
        return rule.sharded if sharded and rule.sharded else rule.stack
    if run.accelerator.upper().startswith("TPU"):
        return "maxtext"
    return "torchtitan" if sharded else "megatron-core-2025"


def is_sharded(words: str) -> bool:
    """Whether a row's words say that parameters are sharded."""
    return any(word in words.lower() for word in ("fsdp", "zero3", "zero-3"))


class Machine(NamedTuple):
    """How the devices of a source differ from those of the catalogue: SI values in place of its own."""

    source: Source
    accelerator: str
    why: str
    memory: float | None = None  # B
    memory_bandwidth: float | None = None  # B/s
    board_power: float | None = None  # W; clocks fall with the cube root of power
    nic_bandwidth: float | None = None  # B/s


MACHINES = (
    Machine(
        Source("torchtitan 2024"),
        "H100",
        "H100 with 96 GB of HBM2e at 2.4 TB/s and a limit of 500 W",
        memory=96e9,
        memory_bandwidth=2.4e12,
        board_power=500.0,
    ),
    Machine(
        Source("pytorch/torchtitan", (2023, 2024)),
        "H100",
        "H100 with 96 GB of HBM2e at 2.4 TB/s and a limit of 500 W",
        memory=96e9,
        memory_bandwidth=2.4e12,
        board_power=500.0,
    ),
)


def machine_of(run: Run) -> Machine | None:
    """The machine of a source, where it differs."""
    return next((m for m in MACHINES if m.accelerator == run.accelerator and m.source.fits(run)), None)


class Recipe(NamedTuple):
    """What the recipes of a source fix and its table does not print; None where it fixes nothing."""

    source: Source
    why: str
    model: str = ""  # part of the model's name
    num_mtp_layers: int | None = None
    precision: str = ""
    accelerators: tuple[str, ...] = ()
    expert_tensor_parallel: int | None = None
    sequence_length: int | None = None
    global_batch_size: int | None = None
    virtual_stages: int | None = None
    balanced: bool = False  # the router is forced to send every expert as many tokens

    def fits(self, run: Run) -> bool:
        """Whether the recipe is that of ``run``."""
        of_model = self.model.lower() in run.model_name.lower()
        return of_model and (not self.accelerators or run.accelerator in self.accelerators) and self.source.fits(run)


#: Facts of recipes, beyond their tables.
RECIPES = (
    Recipe(Source("w/o MTP"), "the row is marked without multi-token prediction", num_mtp_layers=0),
    Recipe(Source("w/ MTP"), "the row is marked with multi-token prediction", num_mtp_layers=1),
    Recipe(
        Source("Megatron-Bridge performance summary, container 25.09"),
        "the recipes of container 25.09 train without multi-token prediction",
        model="DeepSeek-V3",
        num_mtp_layers=0,
    ),
    Recipe(
        Source("Megatron-Bridge"),
        "one layer of multi-token prediction is part of the recipe since 26.02",
        model="DeepSeek-V3",
        num_mtp_layers=1,
    ),
    Recipe(Source("dgxc"), "the recipe trains without multi-token prediction", model="DeepSeek", num_mtp_layers=0),
    Recipe(Source("tpu-recipes"), "MaxText trains without multi-token prediction", num_mtp_layers=0),
    Recipe(Source("automodel"), "the recipe trains without multi-token prediction", num_mtp_layers=0),
    Recipe(Source("Megatron-Bridge"), "the benchmark forces a balanced load of experts", balanced=True),
    Recipe(Source("automodel"), "the benchmark forces a balanced load of experts", balanced=True),
    *(
        Recipe(Source(phrase), "the source prints virtual stages where there are any", virtual_stages=1)
        for phrase in ("Megatron-Bridge", "container 24.07")
    ),
    Recipe(
        Source("LLAMA4 Maverick"),
        "experts are split four ways by tensor parallelism, as the publisher says",
        expert_tensor_parallel=4,
    ),
    Recipe(
        Source("v5.1 llama31_8b"),
        "NVIDIA's code for this round trains in NVFP4 on the 300 series",
        precision="nvfp4",
        accelerators=("B300", "GB300"),
    ),
    Recipe(
        Source("v5.1 llama31_8b"),
        "NVIDIA's code for this round trains in FP8 on the other devices",
        precision="fp8",
        accelerators=("H100", "H200", "B200", "GB200"),
    ),
    Recipe(
        Source("MLPerf"),
        "rounds on Hopper and later train in FP8",
        precision="fp8",
        accelerators=("H100", "H200", "B200", "GB200", "B300", "GB300"),
    ),
    Recipe(Source("cloud-tpu"), "Google trained it with 8-bit integer products", precision="int8"),
    Recipe(
        Source("maxtext", (2023, 2023)),
        "MaxText's base configuration trains on 2,048 tokens",
        accelerators=("TPUv4",),
        sequence_length=2048,
    ),
    Recipe(
        Source("Llama2-7B on A3"),
        "MaxText's A3 scripts train in BF16 on 4,096 tokens",
        model="Llama-2",
        precision="bf16",
    ),
)


def recipes_of(run: Run) -> tuple[Recipe, ...]:
    """Everything that recipes fix about ``run``; of two that fix the same, the first counts."""
    return tuple(recipe for recipe in RECIPES if recipe.fits(run))


T = TypeVar("T", bound=StackRule)


def _first(rules: Iterable[T], run: Run) -> T | None:
    return next((rule for rule in rules if rule.source.fits(run)), None)
