"""A condition in the words of the engine: model, formats, device, software, and the engines that a row states.

What a row leaves open has candidates, of which a prediction takes the one with the most throughput, as a practitioner
would.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from lindos.catalog import Catalog
from lindos.catalog.model import Model
from lindos.catalog.records import Accelerator
from lindos.errors import InputError
from lindos.fleet.capacity import most_sequences
from lindos.fleet.closed_loop import Setup
from lindos.fleet.engine import Grid
from lindos.fleet.work import Work, work_of
from lindos.validation.refusal import NotPredictedError
from lindos.validation.serving.rows import ServingRun

#: Endings of published names that do not change the shape of a model.
_ENDINGS = re.compile(r"[-_](nvfp4|fp8|fp4|mxfp4|int4|awq|instruct|it|chat|0528|2507|99\.9|99)$")
#: Models that share the shape of another.
SAME_SHAPE = {
    "deepseek-r1": "deepseek-v3",
    "deepseek-v3/r1": "deepseek-v3",
    "deepseek-v3.1": "deepseek-v3",
    "kimi-k2.5": "kimi-k2",
    "kimi-k2.6": "kimi-k2",
    "llama2-70b": "llama-2-70b",
    "llama3.1-8b": "llama-3.1-8b",
    "llama3.1-405b": "llama-3.1-405b",
    "llama-70b": "llama-2-70b",
    "llama-7b": "llama-2-7b",
    "llama-3.3-70b": "llama-3.1-70b",
    "minimax-m2.5": "minimax-m2",
    "minimax-m2.7": "minimax-m2",
}
#: Devices whose published names run words together.
_DEVICES = {"rtx6000pro": "rtx pro 6000"}
#: Formats by the words of rows.
FORMATS = {
    "fp16": "bf16",
    "bf16": "bf16",
    "fp8": "fp8",
    "int8": "fp8",
    "fp4": "nvfp4",
    "nvfp4": "nvfp4",
    "mxfp4": "mxfp4",
    "int4": "mxfp4",
}
#: Models whose published weights are MXFP4 under whatever name a row gives them.
_PUBLISHED_IN_MXFP4 = ("gpt-oss-120b", "gpt-oss-20b")
#: Devices that one engine of an unstated plan may have.
_SIZES = (1, 2, 4, 8)
_NODE = 8
#: Part of the memory that an engine uses, the usual default of serving software.
MEMORY_SHARE = 0.9
#: Engines for prompts, where a row states one of each kind and not how many there are.
_READERS = (1, 2, 3, 4, 6, 8, 12)
#: Most devices of an engine that a row leaves too small for its weights.
_LARGEST = 64


@dataclass(frozen=True, slots=True)
class Condition:
    """A run in the words of the engine."""

    work: Work
    accelerator: str
    software: str
    setups: tuple[Setup, ...]
    filled: tuple[str, ...]


def condition_of(run: ServingRun, catalog: Catalog) -> Condition:
    """Read the condition of a run.

    Parameters
    ----------
    run
        The run.
    catalog
        Models and devices.

    Raises
    ------
    NotPredictedError
        If the catalogue does not know its model or its device, or the row does not state enough.
    """
    filled: list[str] = []
    model = _model(run.model_name, catalog)
    device = _device(run.accelerator, catalog)
    software = software_of(run, device)
    precision = FORMATS.get(run.precision)
    if precision is None:
        raise NotPredictedError("a number format that is not served", run.precision or "not stated")
    if model.name in _PUBLISHED_IN_MXFP4 and precision != "mxfp4":
        precision = "mxfp4"
        filled.append("weights in MXFP4, as they are published")
    weights_only = run.precision == "int4" or (precision == "mxfp4" and not device.peak("mxfp4").is_known)
    cache = "fp8" if software == "trtllm" and precision != "bf16" else "bf16"
    work = work_of(model, precision, cache, weights_only=weights_only)
    read = [_holding(setup, work, device, filled) for setup in _setups(run, work.experts is not None, filled)]
    if run.apart and any(core.is_latent for core in work.cores) and "decode_is_data" not in dict(run.plan):
        filled.append("attention split by sequences where that has the most throughput")
        split = [_by_sequences(setup) for setup in read if float(setup.grid.tensor) > 1]
        read += [setup for setup in split if _holds(setup.grid, work, device)]
    return Condition(work, device.name, software, tuple(read), tuple(dict.fromkeys(filled)))


@lru_cache(maxsize=256)
def _model(name: str, catalog: Catalog) -> Model:
    word = name.lower().strip()
    for _ in range(3):
        for candidate in (SAME_SHAPE.get(word, word), word):
            try:
                model = catalog.model(candidate)
            except InputError:
                continue
            if model.unsupported:
                raise NotPredictedError("a model that Lindos cannot compute", model.unsupported)
            return model
        word = _ENDINGS.sub("", word)
    raise NotPredictedError("a model that the catalogue does not describe", name)


@lru_cache(maxsize=256)
def _device(name: str, catalog: Catalog) -> Accelerator:
    try:
        return catalog.accelerator(name)
    except InputError:
        pass
    words = set(re.split(r"[^a-z0-9]+", _DEVICES.get(name.lower(), name.lower())))
    ids = sorted(catalog.names("accelerators"), key=lambda key: -len(key))
    for key in ids:
        if set(key.split("-")) <= words:
            return catalog.accelerator(key)
    for key in ids:
        if set(key.split("-")) - {"sxm"} <= words:
            return catalog.accelerator(key)
    raise NotPredictedError("a device that the catalogue does not describe", name)


def software_of(run: ServingRun, device: Accelerator) -> str:
    """Name the serving software of a run; where it is not stated, TensorRT-LLM on NVIDIA's devices, else vLLM.

    Parameters
    ----------
    run
        The run.
    device
        Its device.
    """
    for word, name in (("trt", "trtllm"), ("tensorrt", "trtllm"), ("sglang", "sglang"), ("vllm", "vllm")):
        if word in run.backend:
            return name
    return "trtllm" if device.vendor.lower() == "nvidia" else "vllm"


def _grid(tensor: float, data: float, expert: float, pipeline: float = 1.0) -> Grid:
    """Engine whose experts lie on all its devices, whole on as many as ``expert`` says."""
    size = tensor * data
    ranks = min(max(expert, 1.0), size)
    return Grid(tensor=tensor, data=data, expert=ranks, expert_tensor=max(size / ranks, 1.0), pipeline=pipeline)


def _together(grid: Grid, engines: float) -> Setup:
    return Setup(grid=grid, engines=engines, prompt_grid=grid, prompt_engines=engines, apart=0.0)


def _setups(run: ServingRun, has_experts: bool, filled: list[str]) -> Iterator[Setup]:
    plan = dict(run.plan)
    size, pipeline = run.num_devices, run.pipeline_parallel or 1
    if run.apart:
        yield from _apart(run, plan, filled)
        return
    if "data_and_expert" in plan:
        ranks = min(plan["data_and_expert"], size)
        yield _together(_grid(1.0, ranks, ranks), size / ranks)
        return
    tensor, expert = run.tensor_parallel, run.expert_parallel or 1
    data = run.attention_data_parallel or 1
    if tensor is None and data == 1:
        filled.append("engines of the size with the most throughput")
        for devices in _SIZES:
            if devices <= size:
                yield _together(_grid(devices, 1.0, 1.0), size // devices)
                if has_experts and devices > 1:
                    yield _together(_grid(1.0, devices, devices), size // devices)
        return
    if data > 1:
        groups = min(data, size)
        yield _together(_grid(max(size // groups, 1), groups, expert), 1.0)
        return
    tensor = min(tensor or 1, size)
    if tensor > 2 * _NODE:  # a row that counts all devices of several engines
        filled.append("engines of one node")
        tensor = _NODE if size % _NODE == 0 else _NODE // 2
    experts_over = plan.get("moe_tp", 1) * plan.get("moe_ep", 1)
    if tensor * pipeline < size and experts_over >= size and has_experts:
        yield _together(_grid(tensor, size // tensor, expert), 1.0)
        return
    yield _together(_grid(tensor, 1.0, min(expert, tensor), pipeline), max(size // (tensor * pipeline), 1))


def _by_sequences(setup: Setup) -> Setup:
    """The same engines, whose groups write sequences of their own: a latent cache has no heads to split."""
    grid = setup.grid
    return replace(setup, grid=replace(grid, tensor=1.0, data=grid.tensor * grid.data))


def _holds(grid: Grid, work: Work, device: Accelerator) -> bool:
    return float(most_sequences(work, grid, device.usable_memory.value, MEMORY_SHARE, 1.0)) >= 1


def _holding(setup: Setup, work: Work, device: Accelerator, filled: list[str]) -> Setup:
    """The same deployment in engines that hold the weights: what was measured ran."""
    sides = []
    for grid, engines in ((setup.grid, setup.engines), (setup.prompt_grid, setup.prompt_engines)):
        larger, fewer = grid, engines
        while not _holds(larger, work, device) and float(larger.size) < _LARGEST:
            grown = {"data": larger.data * 2} if larger.data > 1 else {"tensor": larger.tensor * 2}
            larger = replace(larger, expert_tensor=larger.expert_tensor * 2, **grown)
            fewer = max(fewer / 2, 1.0)
        sides.append((larger, fewer))
    (write, writers), (read, readers) = sides
    if write is not setup.grid:
        filled.append("engines that hold the weights")
    return replace(setup, grid=write, engines=writers, prompt_grid=read, prompt_engines=readers)


def _apart(run: ServingRun, plan: dict[str, int], filled: list[str]) -> Iterator[Setup]:
    """Deployments that read prompts on engines of their own."""
    size = run.num_devices
    sides = {}
    for side in ("prefill", "decode"):
        tensor = plan.get(f"{side}_tp", 0) * max(plan.get(f"{side}_attention_dp", 1), 1)
        devices = plan.get(f"{side}_devices", tensor * plan.get(f"{side}_workers", 1))
        expert = max(plan.get(f"{side}_moe_ep", 1), 1)
        sides[side] = (devices, plan.get(f"{side}_workers", 0), expert, bool(plan.get(f"{side}_is_data", 0)))
    is_stated = sides["prefill"][0] and sides["decode"][0] and sides["prefill"][0] + sides["decode"][0] <= size
    if not is_stated:
        filled.append("prompts on the share of the devices with the most throughput")
        unit = next(unit for unit in (8, 4, 2, 1) if (size % unit == 0 and size >= 2 * unit) or unit == 1)
        expert = run.expert_parallel or 1
        for number in range(1, max(size // unit, 2)):
            engine, rest = _grid(unit, 1.0, min(expert, unit)), max(size // unit - number, 1)
            yield Setup(grid=engine, engines=rest, prompt_grid=engine, prompt_engines=number, apart=1.0)
        return
    (read, readers), (write, writers) = (_engine(*sides[side]) for side in ("prefill", "decode"))
    counts: tuple[int, ...] = (1,)
    if not any(plan.get(f"{side}_{word}") for side in sides for word in ("workers", "devices")):
        filled.append("as many engines for prompts as have the most throughput a device")
        counts = _READERS
    for number in counts:
        yield Setup(grid=write, engines=writers, prompt_grid=read, prompt_engines=readers * number, apart=1.0)


def _engine(devices: int, workers: int, expert: int, is_data: bool) -> tuple[Grid, float]:
    """Engines of one side: of the stated number, or as large as its experts lie, or one node each."""
    if not workers:
        unit = expert if expert > 1 and devices % expert == 0 else devices
        if unit > _NODE and expert <= 1:
            unit = next(size for size in (_NODE, _NODE // 2, devices) if devices % size == 0)
        workers = max(devices // unit, 1)
    share = max(devices // workers, 1)
    if is_data:
        return _grid(1.0, share, max(expert, 1)), workers
    return _grid(share, 1.0, min(expert, share)), workers


def shape_word(name: str) -> str:
    """Get the word for the shape of a model, which several published names share.

    Parameters
    ----------
    name
        Name of a model as rows have it.
    """
    word = name.lower().strip()
    for _ in range(3):
        word = SAME_SHAPE.get(word, word)
        word = _ENDINGS.sub("", word)
    return SAME_SHAPE.get(word, word)
