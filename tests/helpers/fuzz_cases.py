"""Seeded mutations of sound inputs: what a case is called decides all of it, so that a finding can be had again."""

import json
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from fuzz_articles import article
from fuzz_bases import CLAIMS, COMMANDS, CONFIGS, GRID, SCENARIO, TEXT
from validation_rows import PLAIN, table

#: Kinds of cases with their weights.
KINDS = {"scenario": 30, "overlay": 24, "config": 12, "table": 8, "grid": 8, "claims": 12, "flags": 9}
HUGE = (
    0,
    -1,
    1,
    1e300,
    -1e300,
    1e-300,
    1e308,
    5e-324,
    10**30,
    -(10**400),
    float("inf"),
    float("nan"),
    2**63,
    0.1,
    1e15,
)
ODD: tuple[Any, ...] = (
    *(None, True, False, "", " ", [], {}, [[]], [{}], {"a": 1}, ["x"], {"value": 1}, {"low": 1, "high": 2}),
    *(
        "0,07",
        "1.250,00",
        "1,5T",
        "0x1f",
        "0o17",
        "0100",
        "07",
        "1:30:00",
        "2:1",
        "1e3",
        "on",
        "--64",
        "+-5",
        "²",
        "٣",
        "∞",
    ),
    *(
        "nan",
        "inf",
        "-inf",
        "1e999",
        "1" * 5000,
        "0x" + "f" * 4000,
        "2 racks",
        "16 nodes",
        "5 bananas",
        "-3 days",
        "300 %",
    ),
    *(
        " " * 300 + "x",
        "x" * 3000,
        "../../x",
        "/dev/null",
        "/etc/passwd",
        "a\nb",
        "\x1b[2J",
        "[/bold]",
        "=1+1",
        "\ud800",
    ),
    *(
        "2025-02-30",
        "9999-12-31",
        "0001-01-01",
        "5 years to 3 years",
        "1 s to 1e300 s",
        "never",
        "h100-sxm",
        "one-node",
    ),
)
#: Names that may stand for each other.
WORDS = (
    (
        "hgx-h100",
        "hgx-h200",
        "hgx-b200",
        "gb200-nvl72",
        "gb300-nvl72",
        "hgx-a100",
        "mi300x-platform",
        "vera-rubin-nvl72",
    ),
    ("llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b", "deepseek-v3", "grok-1", "gpt-3-175b", "qwen3-235b-a22b"),
    ("bf16", "fp8", "fp8-tensorwise", "fp8-rowwise", "mxfp8", "nvfp4"),
    ("none", "selective", "full"),
    ("optimizer", "gradients", "parameters", "none"),
    ("one-f-one-b", "zero-bubble", "dual-pipe"),
    ("restart", "replica"),
    ("memory", "local", "remote"),
    ("feed", "software", "device", "node", "rack", "switch", "pod", "operator"),
    ("weibull", "exponential", "lognormal", "gamma"),
    ("megatron-core", "torchtitan", "llm-foundry", "megatron-2021", "dualpipe"),
    ("quantum-2-400g", "spectrum-x", "ndr", "roce-400g"),
    ("generic-us", "colossus-1", "meta-hyperion", "google-new-albany"),
    ("time", "cost", "energy", "gpus"),
    ("compute", "power", "equivalents", "cost", "energy"),
    ("h100-sxm", "h200-sxm", "gb200", "gb300", "b200-sxm", "a100-80gb-sxm"),
    ("step", "site", "campaign", "fleet", "roadmap", "cluster", "comparison", "claims"),
    ("H100", "H200", "B200", "GB200", "A100", "MI300X", "TPU v5p"),
    ("step_time_s", "tokens_per_s_per_gpu", "tflops_per_gpu", "mfu"),
    ("zero1", "zero2", "zero3", "fsdp", "hsdp", "none", ""),
    ("one-node", "chip-demand", "sovereign", "llama3-405b", "base.yaml"),
)
_UNITS = (
    "",
    " s",
    " h",
    " days",
    " years",
    " W",
    " GW",
    " B",
    " TB/s",
    " FLOP",
    " token",
    "T tokens",
    " %",
    " tokens/day",
)


@dataclass
class Case:
    """One run of the command line: its arguments, and the files beside it."""

    name: str
    kind: str
    arguments: list[str]
    contents: dict[str, bytes] = field(default_factory=dict)


def case(seed: int, index: int) -> Case:
    """The case of that name."""
    name = f"{seed}:{index}"
    rng = random.Random(name)
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    arguments, contents = _MAKERS[kind](rng)
    return Case(name, kind, arguments, {"base.yaml": dumped(SCENARIO)} | contents)


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of every value in plain data, of those that hold others too."""
    if path:
        yield path
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in pairs:
        yield from leaves(part, (*path, key))


def _at(data: Any, path: Sequence[Any]) -> Any:
    for key in path:
        data = data[key]
    return data


def mutated(rng: random.Random, data: Any, times: int) -> Any:
    """Plain data with some of its values changed."""
    data = deepcopy(data)
    for _ in range(times):
        paths = list(leaves(data))
        if rng.random() < 0.85:
            # What holds others is seldom changed: little of it would be read then.
            paths = [path for path in paths if not isinstance(_at(data, path), dict | list)] or paths
        if not paths:
            return data
        *above, last = rng.choice(paths)
        place = _at(data, above)
        action = rng.random()
        if action < 0.06:
            del place[last]
        elif action < 0.08 and isinstance(place, dict):
            place[rng.choice(["x", f"{last}s", "value", "", "²"])] = place.pop(last)
        elif action < 0.1 and isinstance(place, list):
            place += [deepcopy(place[last])] * rng.choice([1, 30, 300])
        else:
            place[last] = changed(rng, place[last])
    return data


def changed(rng: random.Random, value: Any) -> Any:
    """Another value in the place of one: most often a sound one near it, else far from it, or of another kind."""
    roll = rng.random()
    number, unit = _parts(value)
    if number is not None and abs(number) < 1e100 and roll < 0.8:
        reach = rng.choices((1, 3, 14), (5, 4, 2))[0]
        scaled: Any = number * 10 ** rng.uniform(-reach, reach)
        scaled = max(round(scaled), 1) if isinstance(value, int) or (number == int(number) and not unit) else scaled
        return f"{scaled:.6g}{unit}" if isinstance(value, str) else scaled
    if number is not None and roll < 0.88:
        odd = rng.choice(HUGE)
        return f"{odd}{unit}" if isinstance(value, str) else odd
    if number is not None and roll < 0.92:
        return f"{number:g}{rng.choice(_UNITS)}"
    if isinstance(value, bool) and roll < 0.8:
        return not value
    if isinstance(value, str) and roll < 0.8:
        return rng.choice(next((words for words in WORDS if value in words), WORDS[0]))
    if isinstance(value, str) and roll < 0.88:
        return flipped(rng, value)
    return deepcopy(rng.choice(ODD))


def _parts(value: Any) -> tuple[float | None, str]:
    if isinstance(value, bool):
        return None, ""
    if isinstance(value, int | float):
        return (float(value), "") if abs(value) < 1e300 else (None, "")
    if isinstance(value, str):
        head = value.split(" ")[0].replace(",", "")
        try:
            return float(head), value[len(value.split(" ")[0]) :]
        except ValueError:
            return None, ""
    return None, ""


def flipped(rng: random.Random, text: str, times: int = 1) -> str:
    """Text with some characters changed, doubled or lost."""
    for _ in range(times):
        at = rng.randrange(len(text) + 1)
        insert = rng.choice(
            ["", "0", "-", ",", ".", " ", "\t", "%", "e", "\x00", "é", "\u202e", ":", "#", '"', "{", "\n"]
        )
        text = text[:at] + insert + text[at + rng.choice([0, 1, 1, 2]) :]
    return text


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def dumped(data: Any, rng: random.Random | None = None) -> bytes:
    """Plain data as YAML; now and then damaged as text."""
    text = yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10**6)
    if rng is not None and rng.random() < 0.06:
        text = flipped(rng, text, rng.choice([1, 3, 10]))
    return text.encode(errors="surrogatepass")


def _scenario(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    data = deepcopy(SCENARIO)
    for section in ("campaign", "site", "inference", "roadmap", "claims", "compare_top500"):
        if rng.random() < 0.5:
            data.pop(section, None)
    if rng.random() < 0.5:
        data["cluster"]["pools"].pop()
    if rng.random() < 0.3:
        data["job"].pop("plan")
    if rng.random() < 0.7:
        data["job"].pop("goal")
    data = mutated(rng, data, rng.choice([1, 1, 1, 2, 3]))
    command = rng.choice(["run", "run", "run", "site", "fleet", "roadmap", "campaign"])
    options = ["--out", "out"] if command == "run" else ["--replicas", "8"] if command == "campaign" else []
    return [command, "mutated.yaml", *options, "--json"], {"mutated.yaml": dumped(data, rng)}


@cache
def facts() -> tuple[tuple[str, str, str, Any, tuple[Any, ...]], ...]:
    """Every value of the catalogue that ships: kind, name, field, value, and its bounds where it declares some."""
    found: list[tuple[str, str, str, Any, tuple[Any, ...]]] = []
    for entry in sorted(files("lindos.catalog").joinpath("data").iterdir(), key=lambda entry: entry.name):
        kind = entry.name.removesuffix(".yaml")
        if kind.startswith(("sources", "claims", "observations", "kernels")):
            continue
        data = yaml.load(entry.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        found += [fact for name, body in data.items() for fact in _facts(kind, name, body)]
    return tuple(found)


def _facts(kind: str, name: str, body: Any) -> Iterator[tuple[str, str, str, Any, tuple[Any, ...]]]:
    if not isinstance(body, dict):
        return
    kind = "parameters" if kind.startswith("parameters") else "fabrics" if kind.startswith("fabrics") else kind
    for key, fact in body.items():
        value = fact.get("value") if isinstance(fact, dict) else fact
        if value is not None and not isinstance(value, dict):
            yield kind, name, key, value, tuple(fact.get("bounds", ())) if isinstance(fact, dict) else ()


def _overlay(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    data: dict[str, Any] = {}
    weights = [6 if fact[0] == "parameters" or fact[1] in _USED else 1 for fact in facts()]
    for kind, name, key, value, bounds in rng.choices(facts(), weights, k=rng.choice([1, 1, 2, 4])):
        value = rng.choice(bounds) if bounds and rng.random() < 0.5 else changed(rng, value)
        if rng.random() < 0.2:
            value = {"value": value, "low": changed(rng, value), "high": changed(rng, value)}
        data.setdefault(kind, {}).setdefault(str(name), {})[key] = value
    command = rng.choice(["run", "site", "fleet", "roadmap", "campaign", "step", "audit", "catalog"])
    arguments = {
        "run": ["run", "base.yaml", "--out", "out"],
        "campaign": ["campaign", "one-node", "--replicas", "8"],
        "step": [*COMMANDS[0]],
        "audit": ["audit"],
        "catalog": ["catalog", "list"],
    }.get(command, [command, "base.yaml"])
    base = {key: part for key, part in SCENARIO.items() if key != "campaign"} | {"claims": ["X1", "X4"]}
    base["job"] = {key: part for key, part in SCENARIO["job"].items() if key != "goal" or rng.random() < 0.3}
    return [*arguments, "--catalog", "mine.yaml", "--json"], {"mine.yaml": dumped(data, rng), "base.yaml": dumped(base)}


_USED = (
    "hgx-h100",
    "hgx-h200",
    "h100-sxm",
    "h200-sxm",
    "quantum-2-400g",
    "llama-3.1-8b",
    "megatron-core",
    "generic-us",
)


def _config(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    data = mutated(rng, rng.choice(CONFIGS), rng.choice([1, 1, 2, 3]))
    text = json.dumps(data)
    if rng.random() < 0.1:
        text = flipped(rng, text, 3)
    plan = ["--pipeline-parallel", "1", "--context-parallel", "1", "--tensor-parallel", rng.choice(["1", "8"])]
    arguments = ["step", "--model", "mine.json", "--cluster", "hgx-h100", "--gpus", rng.choice(["8", "64"]), *plan]
    return [*arguments, "--global-batch-size", "128", "--json"], {"mine.json": text.encode(errors="surrogatepass")}


def _table(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    changes = []
    for _ in range(rng.choice([1, 2, 3])):
        columns = rng.sample(list(PLAIN), rng.choice([1, 1, 2, 4]))
        cells = {column: changed(rng, _typed(PLAIN[column])) for column in columns}
        changes.append(
            {column: "" if cell is None else str(cell).replace("\ud800", "\ufffd") for column, cell in cells.items()}
        )
    content = table({}, *changes).decode() if rng.random() < 0.9 else flipped(rng, table(*changes).decode(), 5)
    options = ["--out", "out/predicted.csv"] if rng.random() < 0.5 else []
    return ["validate", "runs.csv", *options, "--json"], {"runs.csv": content.encode(errors="surrogatepass")}


def _typed(text: str) -> Any:
    return int(text) if text.isdigit() else text


def _grid(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    data = mutated(rng, GRID, rng.choice([1, 1, 2, 3]))
    if rng.random() < 0.5 and isinstance(data.get("grid"), dict):
        path = ".".join(str(part) for part in rng.choice(list(leaves(SCENARIO))))
        data["grid"] = {path: [changed(rng, 64), changed(rng, "5 days")]}
    return ["sweep", "grid.yaml"], {"grid.yaml": dumped(data, rng)}


def _claims(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    roll = rng.random()
    if roll < 0.25:
        return ["audit", "claims.txt", "--json"], {"claims.txt": article(rng).encode()}
    if roll < 0.4:
        text = flipped(rng, TEXT * rng.choice([1, 1, 5]), rng.choice([1, 5, 30]))
        return ["audit", "claims.txt", "--json"], {"claims.txt": text.encode(errors="surrogatepass")}
    data = mutated(rng, CLAIMS, rng.choice([1, 1, 2, 3]))
    if roll < 0.5 and isinstance(data, dict) and data:
        data |= {
            f"{rng.choice(['c', ' ', 'x' * 2100])}{at}": next(iter(data.values())) for at in range(rng.choice([3, 250]))
        }
    return ["audit", "claims.yaml", "--json"], {"claims.yaml": dumped(data, rng)}


def _flags(rng: random.Random) -> tuple[list[str], dict[str, bytes]]:
    arguments = list(rng.choice(COMMANDS))
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(arguments))
        roll = rng.random()
        if roll < 0.1:
            del arguments[at]
        elif roll < 0.2:
            arguments.insert(at, rng.choice(["--json", "--out", "", "--", "-", "--gpus", "--catalog"]))
        elif not arguments[at].startswith("--"):
            value = changed(rng, arguments[at])
            arguments[at] = value if isinstance(value, str) else str(value)
        if not arguments:
            break
    contents = {"runs.csv": table({}), "claims.yaml": dumped(CLAIMS)}
    return [word.replace("\x00", "") for word in arguments], contents


_MAKERS = {
    "scenario": _scenario,
    "overlay": _overlay,
    "config": _config,
    "table": _table,
    "grid": _grid,
    "claims": _claims,
    "flags": _flags,
}
