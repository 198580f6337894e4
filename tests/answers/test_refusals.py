"""Thirty refusals: each names the limit that is missed, and a remedy that works when it is applied."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

import lindos
from lindos.errors import LindosError

PLACE = {
    "name": "refused",
    "title": "A question that is refused",
    "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
    "compare_top500": False,
}
FILL = {**PLACE, "cluster": {"pools": [{"system": "hgx-h100", "gpus": "fill"}]}}
JOB = {**PLACE, "job": {"model": "llama-3.1-8b", "global_batch_size": 128}}
YEARS = {
    **PLACE,
    "roadmap": {
        "start": "2026-01-01",
        "by": "2028-01-01",
        "start_h100_equivalents": "10k",
        "target_h100_equivalents": "20k",
    },
}
Words = Mapping[str, str]
#: Scenario, what makes it refused, words of the sentence that name the limit, words of the remedy, and the remedy.
TABLE: list[tuple[Mapping[str, Any], Words, str, str, Words]] = [
    (PLACE, {"site.power_limit": "100 kW"}, "site.power_limit", "at most about (56)", {"cluster.pools.0.gpus": "{0}"}),
    (PLACE, {"site.power_limit": "100 kW"}, "site.power_limit", "raise site.power_limit", {"site.power_limit": "1 MW"}),
    (
        PLACE, {"site.power_limit": "10 kW"}, "102 kW too much", r"\. Raise site.power_limit",
        {"site.power_limit": "1 MW"},
    ),
    (FILL, {"site.power_limit": "1 kW"}, "power limit of 1 kW", "Raise site.power_limit", {"site.power_limit": "1 MW"}),
    (FILL, {"site.budget": "$1000"}, r"budget of \$1,000", "Raise site.budget", {"site.budget": "$1 million"}),
    (FILL, {}, "without site.power_limit and site.budget", "'power_limit: (100 MW)'", {"site.power_limit": "{0}"}),
    (FILL, {}, "without site.power_limit and site.budget", r"'budget: (\S+ billion)'", {"site.budget": "{0}"}),
    (PLACE, {"site.name": "germany"}, "site.name", "location: (germany)", {"site.name": "", "site.location": "{0}"}),
    (PLACE, {"site.name": "generic"}, "site.name", "Did you mean (generic-us)", {"site.name": "{0}"}),
    (PLACE, {"site.pue": "0.9"}, "site.pue", "at least (1)", {"site.pue": "{0}"}),
    (PLACE, {"site.pue": "1,25"}, "one way only", "Write '(1.25)'", {"site.pue": "{0}"}),
    (
        PLACE, {"cluster.pools.0.system": "hgx-h10"}, "pools.0.system", "of (hgx-h100),",
        {"cluster.pools.0.system": "{0}"},
    ),
    (JOB, {"job.model": "llama-3.1-9b"}, "job.model", "mean (llama-3.1-8b)", {"job.model": "{0}"}),
    (JOB, {"job.precision": "nvfp4"}, "job.precision", "Known there: (bf16)", {"job.precision": "{0}"}),
    (
        JOB,
        {"job.model": "llama-3.1-70b", "cluster.pools.0.gpus": "8"},
        "the best needs .* GB a device of",
        r"Use about ([\d,]+) GPUs",
        {"cluster.pools.0.gpus": "{0}"},
    ),
    (
        JOB,
        {"job.plan.recompute": "none", "job.sequence_length": "1M", "job.global_batch_size": "1"},
        "the best needs 100 GB a device of",
        "Leave (recompute) open",
        {"job.plan.recompute": ""},
    ),
    (JOB, {"job.plan.tensor_parallel": "3"}, "num_attention_heads is 32", "divisor", {"job.plan.tensor_parallel": "4"}),
    (JOB, {"job.plan.pipeline_parallel": "64"}, "num_layers is 32", "Lower", {"job.plan.pipeline_parallel": "32"}),
    (JOB, {"job.plan.data_parallel": "128"}, "128 of 64", "at least (128)", {"cluster.pools.0.gpus": "{0}"}),
    (JOB, {"job.plan.data_parallel": "128"}, "128 of 64", "Lower a degree", {"job.plan.data_parallel": "64"}),
    (JOB, {"job.plan.context_parallel": "128"}, "128 of 64", "Lower a degree", {"job.plan.context_parallel": "8"}),
    (
        JOB, {"job.plan.data_parallel": "48"}, "global_batch_size is 128", "of (96) or 144",
        {"job.global_batch_size": "{0}"},
    ),
    (JOB, {"job.plan.data_parallel": "48"}, "global_batch_size is 128", "or (144),", {"job.global_batch_size": "{0}"}),
    (
        JOB, {"job.plan.data_parallel": "48"}, "global_batch_size is 128", "or (32) for",
        {"job.plan.data_parallel": "{0}"},
    ),
    (
        JOB, {"job.plan.micro_batch_size": "16", "job.global_batch_size": "24"}, "is 24", "of (16) or",
        {"job.global_batch_size": "{0}"},
    ),
    (
        JOB, {"job.plan.expert_parallel": "2"}, "num_experts is 0", "(1) for a dense",
        {"job.plan.expert_parallel": "{0}"},
    ),
    (JOB, {"job.plan.schedule": "dual-pipe"}, "what it ships", "ships: (one-f-one-b)", {"job.plan.schedule": "{0}"}),
    (
        JOB,
        {"campaign.spare_fraction": "90 %", "job.plan.data_parallel": "64"},
        "64 of 6",
        "at least 64 GPUs, spares not counted",
        {"campaign.spare_fraction": "0 %"},
    ),
    (YEARS, {"roadmap.by": "2025-01-01"}, "roadmap.by", "be later than the second", {"roadmap.by": "2029-01-01"}),
    (YEARS, {"roadmap.by": "2026-02-01"}, "roadmap.by", "later than 2026-07-02", {"roadmap.by": "2026-09-01"}),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "changes", "limit", "remedy", "applied"), TABLE)
def test_a_refusal_names_its_limit_and_a_remedy_that_works(
    scenario: Mapping[str, Any], changes: Words, limit: str, remedy: str, applied: Words
) -> None:
    sections = ["cluster", "step"] if "job" in scenario else ["cluster", "site", "roadmap"]
    with pytest.raises(LindosError) as refused:
        lindos.run(json.loads(json.dumps(scenario)), changes=dict(changes), sections=sections)
    text = str(refused.value)
    assert re.search(limit, text), text
    words = re.search(remedy, text)
    assert words, text
    mended = {**changes, **{path: value.format(*words.groups()) for path, value in applied.items()}}
    kept = {path: value for path, value in mended.items() if value}
    answer = lindos.run(json.loads(json.dumps(scenario)), changes=kept, sections=sections)
    assert answer.figures
