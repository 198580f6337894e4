"""The evaluation compiled by JAX is the evaluation."""

import numpy as np
import pytest

from lindos.errors import InputError
from lindos.planning.nodes import every_plan
from lindos.planning.space import Batch, make_space, size, subset
from lindos.problem.plan import Plan
from lindos.step import estimate, feasibility, memory, sensitivities
from lindos.step.compiled import compiled, elasticities
from lindos.step.feasibility import Reason
from step_fixtures import DENSE, LATENT_EXPERTS, assumptions, job, pool

pytest.importorskip("jax")


@pytest.mark.parametrize("model", [DENSE, LATENT_EXPERTS], ids=["dense", "moe"])
def test_compiled_gives_the_same_to_the_last_digits(model: object) -> None:
    task, cluster, rng = job(model), pool(256), np.random.default_rng(0)
    picked, batches = [], []
    for plan, batch in every_plan(make_space(task, 256, 8, Batch(size=96), {"context_parallel": 1}), 256):
        index = rng.integers(0, size(plan), 60)
        picked.append(subset(plan, index))
        batches.append(batch[index])
    plan = Plan(
        **{
            name: np.concatenate([np.broadcast_to(getattr(one, name), 60) for one in picked]).astype(float)
            for name in Plan.__dataclass_fields__
        }
    )
    batch = np.concatenate(batches)
    found = compiled(task, cluster, assumptions())(plan, batch)
    asked = {"global_batch_size": batch, "assumptions": assumptions()}
    step, needed = estimate(task, cluster, plan, **asked), memory(task, cluster, plan, **asked)
    codes = feasibility(task, cluster, plan, **asked)
    assert len(batch) > 1000
    assert len(set(codes)) > 4
    assert np.array_equal(found.codes, codes)
    np.testing.assert_allclose(found.estimate.time, step.time, rtol=1e-12)
    np.testing.assert_allclose(found.estimate.exposed_data_parallel, step.exposed_data_parallel, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.memory.total, needed.total, rtol=1e-12)
    assert np.any(codes == int(Reason.OK))


def test_gradients_are_the_sensitivities() -> None:
    """A per cent of each number, twice: by the slope, and by doing it."""
    task, cluster = job(), pool(256)
    plan = Plan(tensor_parallel=4, pipeline_parallel=4, data_parallel=16, context_parallel=1)
    slopes = elasticities(task, cluster, plan, global_batch_size=256, assumptions=assumptions())
    done = sensitivities(task, cluster, plan, global_batch_size=256, assumptions=assumptions())
    assert set(slopes) == {one.name for one in done}
    for one in done:
        assert slopes[one.name] >= -1e-12
        # Where two numbers bind alike the slope is the mean of both sides: leaf and spine are as wide here.
        if one.gain > 1e-3 and "leaf" not in one.name and "spine" not in one.name:
            assert 1.1 ** slopes[one.name] - 1 == pytest.approx(one.gain, rel=0.1)


def test_without_jax_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(InputError, match=r"pip install 'lindos\[jax\]'"):
        compiled(job(), pool(8), assumptions())
