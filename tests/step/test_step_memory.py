"""Memory of a step: worked by hand, monotone where physics says so, and against measured peaks."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from lindos.catalog.model import Model
from lindos.problem.plan import Plan, Recompute, Schedule, Sharding
from lindos.step import StepMemory, memory
from lindos.step.activations import layer_activations
from lindos.step.memory import capacity, needed_memory
from lindos.transformer import joining_params, layer_params, num_params
from step_fixtures import DENSE, LATENT_EXPERTS, accelerator, assumptions, fact, job, pool

#: The 175-billion shape of Korthikanti et al.: 96 layers, hidden 12,288, 96 heads, vocabulary 51,200, no gate.
GPT3 = replace(
    DENSE,
    num_layers=96,
    hidden_size=12_288,
    num_attention_heads=96,
    num_kv_heads=96,
    head_dim=128,
    ffn_hidden_size=4 * 12_288,
    gated=False,
    vocab_size=51_200,
)
ASSUMPTIONS = assumptions(context=0.0, communicator=0.0, fragmentation=0.0)
ROOMY = pool(1024, device=accelerator(memory=1e15))


def of(plan: Plan, model: Model = DENSE, batch: int = 512, precision: str = "bf16", **values: float) -> StepMemory:
    chosen = assumptions(**({"context": 0.0, "communicator": 0.0, "fragmentation": 0.0} | values))
    return memory(job(model, precision), ROOMY, plan, global_batch_size=batch, assumptions=chosen)


def states(found: StepMemory) -> Any:
    return found.weights + found.gradients + found.optimizer


def test_a_gpt3_layer_keeps_32_bytes_without_dropout() -> None:
    """The 34 of the paper less two one-byte masks: 8 along the sequence, 24 split by tensor parallelism."""
    one = layer_activations(GPT3, 2.0, is_expert=False)
    assert one.sequence == 8 * 12_288
    assert one.split == 24 * 12_288
    assert one.routed == 0


def test_activations_of_gpt3_by_hand() -> None:
    """TP 8 with sequence parallelism, PP 8: 12 layers, 8 micro-batches of 4,096 tokens, 32 h / 8 bytes each."""
    plan = Plan(tensor_parallel=8, pipeline_parallel=8, data_parallel=8, recompute=int(Recompute.NONE))
    expected = 12 * 8 * 4096 * 32 * 12_288 / 8
    # Of the layer at work: gradients of both sides of the activation function, 16 h / 8, and of two streams, 4 h / 8.
    work = 4096 * (16 + 4) * 12_288 / 8
    assert of(plan, GPT3).activations == pytest.approx(expected + work)
    interleaved = of(replace(plan, virtual_stages=3), GPT3).activations
    assert interleaved == pytest.approx(expected * (1 + 7 / (8 * 3)) + work)


def test_eager_software_keeps_what_each_function_needs() -> None:
    """A gated layer: norms 4 h more each, rotary 2 (h + kv), the activated gate 2 w."""
    model = replace(DENSE, vocab_size=64)
    plan = Plan(data_parallel=8, recompute=int(Recompute.NONE))
    usual = job(model)
    eager = replace(usual, stack=replace(usual.stack, fused_norms=False, fused_activations=False))
    sizes = [memory(task, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS) for task in (usual, eager)]
    more = 8 * 4096 + 2 * (4096 + 1024) + 2 * 14336
    assert sizes[1].activations - sizes[0].activations == pytest.approx(32 * 4096 * more)
    # A model without gates has norms and activation functions of one kernel each.
    plain = replace(usual, model=replace(model, gated=False))
    fused = memory(plain, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS)
    unfused = memory(replace(plain, stack=eager.stack), ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS)
    assert unfused.activations - fused.activations == pytest.approx(32 * 4096 * 2 * (4096 + 1024))


def test_the_loss_of_pytorch_takes_fourteen_bytes_a_word_on_every_rank() -> None:
    plan = Plan(tensor_parallel=4, data_parallel=8, recompute=int(Recompute.FULL))
    usual = job()
    for loss, word_bytes in (("torch", 14), ("vocabulary-parallel", 6 / 4), ("fused", 2 / 4)):
        task = replace(usual, stack=replace(usual.stack, loss=loss))
        held = memory(task, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS)
        assert held.logits == pytest.approx(4096 * 128_000 * word_bytes)


def test_the_layer_at_work_counts_as_far_as_it_exceeds_the_logits() -> None:
    plan = Plan(data_parallel=8, recompute=int(Recompute.FULL))
    small, large = (of(plan, replace(DENSE, vocab_size=words)) for words in (64, 10_000_000))
    inputs = 32 * 4096 * 4096 * 2
    assert large.activations == pytest.approx(inputs)
    assert small.activations > inputs


def test_sequence_parallel_software_may_save_whole_inputs() -> None:
    plan = Plan(tensor_parallel=8, data_parallel=8, recompute=int(Recompute.NONE))
    usual = job()
    whole = replace(usual, stack=replace(usual.stack, regathers=False))
    sizes = [memory(task, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS) for task in (usual, whole)]
    assert sizes[1].activations - sizes[0].activations == pytest.approx(32 * 2 * 4096 * 4096 * 2 * 7 / 8)


def test_gathered_parameters() -> None:
    """Two layers in BF16, gradients of one in BF16 and once more in the buffer; under a pipeline all of a stage."""
    plan = Plan(data_parallel=8, sharding=int(Sharding.PARAMETERS))
    usual, layer = job(), layer_params(DENSE, is_expert=False).split
    sizes = {}
    for words in ("next-layer", "layer", "matrix"):
        task = replace(usual, stack=replace(usual.stack, gathers=words))
        sizes[words] = memory(task, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS).gathered
    assert sizes["next-layer"] == pytest.approx(layer * (2 * 2 + 2 + 4))
    assert sizes["layer"] == pytest.approx(layer * (2 + 2))
    assert sizes["matrix"] == pytest.approx(4096 * 14336 * (2 + 2))
    piped, stack = replace(plan, pipeline_parallel=4), replace(usual.stack, keeps_gathered=True)
    whole = memory(replace(usual, stack=stack), ROOMY, piped, global_batch_size=512, assumptions=ASSUMPTIONS)
    assert whole.gathered > layer * 8 * (2 + 4)


def test_allocators_lose_what_their_segments_cannot_use() -> None:
    plan, usual = Plan(data_parallel=8), job()
    lost = []
    for words in ("planned", "expandable", "fixed"):
        task = replace(usual, stack=replace(usual.stack, segments=words))
        lost.append(float(memory(task, ROOMY, plan, global_batch_size=512, assumptions=assumptions()).fragmentation))
    assert lost[0] == 0 < lost[1] < lost[2]


def test_modules_that_are_computed_again_free_their_tensors() -> None:
    plan, usual = Plan(data_parallel=8, recompute=int(Recompute.SELECTIVE)), job()

    def kept(words: str) -> float:
        task = replace(usual, stack=replace(usual.stack, selective=words))
        return float(memory(task, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS).activations)

    none = of(replace(plan, recompute=int(Recompute.NONE))).activations
    assert kept("norm,ffn") < kept("norm,activation") < kept("norm") < none
    assert kept("attention") == pytest.approx(none)  # its kernel saves no scores
    assert kept("products") < kept("norm,activation")


@pytest.mark.parametrize(
    ("sharding", "expected"),
    [
        (Sharding.NONE, 2 + 4 + 12),
        (Sharding.OPTIMIZER, 2 + 4 + 12 / 8),
        (Sharding.GRADIENTS, 2 + 4 / 8 + 12 / 8),
        (Sharding.PARAMETERS, (4 + 4 + 8) / 8),
    ],
)
def test_bytes_per_parameter(sharding: Sharding, expected: float) -> None:
    found = of(Plan(data_parallel=8, sharding=int(sharding)))
    assert states(found) / num_params(DENSE) == pytest.approx(expected)


def test_a_sharding_group_shares_among_fewer() -> None:
    found = of(Plan(data_parallel=64, sharding=int(Sharding.PARAMETERS), sharding_group=8))
    assert states(found) / num_params(DENSE) == pytest.approx(16 / 8)


def test_params_of_layers_add_up() -> None:
    dense, experts = (layer_params(LATENT_EXPERTS, is_expert=is_expert) for is_expert in (False, True))
    layers = 3 * (dense.split + dense.replicated) + 58 * (experts.split + experts.replicated + experts.expert)
    tables = 2 * LATENT_EXPERTS.vocab_size * LATENT_EXPERTS.hidden_size
    assert layers + tables == pytest.approx(num_params(LATENT_EXPERTS))
    one_more = experts.split + experts.replicated + experts.expert + joining_params(LATENT_EXPERTS).split
    assert layers + tables + one_more == pytest.approx(num_params(LATENT_EXPERTS, mtp=True))


def test_expert_weights_divide_by_expert_parallel_alone() -> None:
    """Doubling expert_parallel halves experts; doubling tensor_parallel leaves them."""
    plan = Plan(tensor_parallel=2, expert_parallel=32, data_parallel=64)
    experts = 59 * layer_params(LATENT_EXPERTS, is_expert=True).expert  # 58, and one of multi-token prediction
    spread = of(replace(plan, expert_parallel=64), LATENT_EXPERTS)
    assert of(plan, LATENT_EXPERTS).weights - spread.weights == pytest.approx(2 * experts / 64)


def test_the_second_stage_is_the_fullest_where_the_first_holds_dense_layers() -> None:
    plan = Plan(pipeline_parallel=8, data_parallel=64, expert_parallel=64, recompute=int(Recompute.NONE))
    experts = layer_params(LATENT_EXPERTS, is_expert=True)
    eight = 8 * (experts.split + experts.replicated + experts.expert / 64)
    found = of(plan, replace(LATENT_EXPERTS, vocab_size=64))
    assert found.weights == pytest.approx(2 * eight)


def test_uneven_stages_count_the_fullest() -> None:
    """126 layers over 16 stages: 8 on the first; the paper's 405B leaves fewer on the last, which has the head."""
    model = replace(DENSE, num_layers=126, vocab_size=64)
    one = layer_params(model, is_expert=False).split
    found = of(Plan(pipeline_parallel=16, data_parallel=4), model)
    assert found.weights == pytest.approx(2 * 8 * one, rel=1e-3)


def test_embedding_and_head_are_held_once_each() -> None:
    whole = of(Plan(data_parallel=8))
    assert whole.weights == pytest.approx(2 * num_params(DENSE))
    tied = replace(DENSE, tied_embeddings=True)
    assert of(Plan(data_parallel=8), tied).weights == pytest.approx(2 * num_params(tied))


def test_logits_weigh_on_the_last_stage() -> None:
    large = replace(DENSE, vocab_size=2_000_000, num_layers=2)
    found = of(Plan(pipeline_parallel=2, data_parallel=8, recompute=int(Recompute.FULL)), large)
    assert found.logits == 6 * 4096 * 2_000_000


def test_dual_pipe_holds_two_copies_and_one_micro_batch_more() -> None:
    model = replace(DENSE, vocab_size=64)
    plain = Plan(pipeline_parallel=8, data_parallel=8)
    both = of(replace(plain, schedule=int(Schedule.DUAL_PIPE)), model)
    one = of(plain, model)
    assert both.weights == pytest.approx(2 * one.weights, rel=1e-3)
    work = 4096 * 2 * (3 * 14336 + 2 * 4096)
    freed = 4096 * 2 * (2 * 4096 + 14336)  # of the layer at work, computed again
    assert both.activations - work - freed == pytest.approx(9 / 8 * (one.activations - work - freed), rel=1e-3)


def test_zero_bubble_keeps_as_much_as_the_first_stage_everywhere() -> None:
    plan = Plan(pipeline_parallel=8, data_parallel=8)
    model = replace(DENSE, vocab_size=64)
    assert of(replace(plan, schedule=int(Schedule.ZERO_BUBBLE)), model).activations == of(plan, model).activations


def test_gradients_are_narrow_only_where_wide_ones_do_not_fit() -> None:
    plan = Plan(tensor_parallel=8, data_parallel=8)
    wide = memory(job(), ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS)
    device = accelerator(memory=float(wide.total) - 1.0)
    narrow = memory(job(), pool(1024, device=device), plan, global_batch_size=512, assumptions=ASSUMPTIONS)
    assert narrow.gradients == wide.gradients / 2
    assert narrow.weights == wide.weights


def test_capacity_is_what_the_driver_reports_if_known() -> None:
    assert capacity(pool(8)) == 80e9
    device = replace(accelerator(), reported_memory=fact(85.5e9))
    assert capacity(pool(8, device=device)) == 85.5e9


def test_low_precision_keeps_less() -> None:
    plan = Plan(tensor_parallel=8, data_parallel=8, recompute=int(Recompute.NONE))
    widths = [of(plan, precision=precision) for precision in ("bf16", "fp8", "nvfp4")]
    assert widths[0].activations > widths[1].activations > widths[2].activations
    assert widths[1].weights == widths[0].weights < widths[2].weights


def test_groups_that_communicate_have_buffers() -> None:
    found = of(Plan(tensor_parallel=8, pipeline_parallel=2, data_parallel=4), context=1e9, communicator=5e8)
    assert found.context == 1e9 + 3 * 5e8


def test_parts_add_up_for_arrays_as_for_numbers() -> None:
    plans = [
        Plan(tensor_parallel=t, pipeline_parallel=p, data_parallel=8, sharding=s, recompute=r, schedule=k)
        for t, p, s, r, k in [(1, 1, 0, 0, 0), (8, 4, 1, 1, 0), (4, 8, 1, 2, 1), (2, 8, 2, 1, 2), (8, 1, 3, 2, 0)]
    ]
    arrays = Plan(**{n: np.array([float(getattr(p, n)) for p in plans]) for n in Plan.__dataclass_fields__})
    for model in (DENSE, LATENT_EXPERTS):
        together = memory(job(model, "fp8"), pool(), arrays, global_batch_size=512, assumptions=assumptions())
        for index, plan in enumerate(plans):
            alone = memory(job(model, "fp8"), pool(), plan, global_batch_size=512, assumptions=assumptions())
            for name in StepMemory.__dataclass_fields__:
                value = np.broadcast_to(getattr(together, name), len(plans))[index]
                assert value == pytest.approx(float(getattr(alone, name))), name
                assert np.isfinite(value)
                assert value >= 0
            total = sum(float(getattr(alone, name)) for name in StepMemory.__dataclass_fields__)
            assert alone.total == pytest.approx(total)


def test_draws_of_parameters_and_of_the_device_give_draws() -> None:
    device = accelerator(memory=np.linspace(60e9, 100e9, 5))
    drawn = assumptions(context=np.linspace(1e9, 3e9, 5), gradient_bytes=np.linspace(2.0, 4.0, 5))
    plan = Plan(tensor_parallel=8, pipeline_parallel=4, data_parallel=8)
    found = memory(job(), pool(device=device), plan, global_batch_size=512, assumptions=drawn)
    assert np.shape(found.total) == (5,)
    assert np.all(np.diff(found.context) > 0)


DEGREES = st.sampled_from([1, 2, 4, 8])


@settings(max_examples=40, deadline=None)
@examples(DEGREES, DEGREES, DEGREES, st.sampled_from(["bf16", "fp8"]), st.sampled_from([DENSE, LATENT_EXPERTS]))
def test_more_splitting_never_takes_more(t: int, p: int, d: int, precision: str, model: Model) -> None:
    plan = Plan(tensor_parallel=t, pipeline_parallel=p, data_parallel=8 * d, expert_parallel=8)
    here = of(plan, model, precision=precision)
    wider = of(replace(plan, tensor_parallel=2 * t), model, precision=precision)
    assert wider.weights <= here.weights
    assert wider.activations <= here.activations
    levels = [states(of(replace(plan, sharding=int(level)), model, precision=precision)) for level in Sharding]
    assert all(after <= before * (1 + 1e-12) for before, after in pairwise(levels))
    recomputed = [of(replace(plan, recompute=int(r)), model, precision=precision).activations for r in Recompute]
    assert recomputed[0] >= recomputed[1] >= recomputed[2]
    assert of(replace(plan, data_parallel=16 * d), model, precision=precision).optimizer <= here.optimizer


def test_software_that_offloads_keeps_the_inputs_of_two_layers_and_tiles_an_eighth_of_the_logits() -> None:
    """8,192 tokens of 4,096 numbers in BF16: two layers' inputs instead of all; logits over eight."""
    plan = Plan(data_parallel=8, micro_batch_size=2, recompute=int(Recompute.FULL))
    usual = job(DENSE)
    frugal = replace(usual, stack=replace(usual.stack, offloads_inputs=True, tiles_vocabulary=True))
    before, after = (
        memory(one, ROOMY, plan, global_batch_size=512, assumptions=ASSUMPTIONS) for one in (usual, frugal)
    )
    inputs = 2 * DENSE.hidden_size * 2 * 4096
    # A layer at work is smaller than the logits, but not than an eighth of them.
    beyond = after.activations - 2 * inputs
    assert beyond > 0
    assert before.activations == pytest.approx(DENSE.num_layers * inputs)
    assert after.logits == pytest.approx(before.logits / 8)
    kept_all = replace(plan, recompute=int(Recompute.NONE))
    small = replace(DENSE, vocab_size=64)
    sizes = [
        memory(replace(task, model=small), ROOMY, kept_all, global_batch_size=512, assumptions=ASSUMPTIONS).activations
        for task in (usual, frugal)
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=1e-3)


def test_interleaved_stages_hold_dense_layers_in_their_first_chunk_alone() -> None:
    """Weights of all devices are the model's at least: no chunk of layers is taken for a lighter one."""
    model = replace(LATENT_EXPERTS, num_layers=61, num_dense_layers=3)
    task = job(model)
    for stages, chunks in ((16, 1), (16, 2), (16, 4), (61, 1), (8, 8)):
        plan = Plan(tensor_parallel=8, pipeline_parallel=stages, virtual_stages=chunks)
        held = memory(task, pool(8 * stages), plan, global_batch_size=64, assumptions=assumptions())
        assert held.optimizer * plan.num_devices >= 12 * num_params(model, mtp=True)


@pytest.mark.parametrize("model", [DENSE, LATENT_EXPERTS])
def test_the_total_alone_is_the_sum_of_the_parts(model: Model) -> None:
    rng = np.random.default_rng(0)
    plan = Plan(
        tensor_parallel=2.0 ** rng.integers(0, 3, 2000),
        pipeline_parallel=2.0 ** rng.integers(0, 4, 2000),
        data_parallel=2.0 ** rng.integers(0, 6, 2000),
        recompute=rng.integers(0, 3, 2000).astype(float),
        sharding=rng.integers(0, 4, 2000).astype(float),
        schedule=rng.integers(0, 3, 2000).astype(float),
    )
    wide = memory(job(model), ROOMY, plan, global_batch_size=512, assumptions=assumptions())
    # Half of the plans fit with wide gradients.
    device = accelerator(memory=float(np.median(np.asarray(wide.total))))
    arguments = (job(model), pool(1024, device=device), plan)
    parts = memory(*arguments, global_batch_size=512, assumptions=assumptions())
    total = needed_memory(*arguments, global_batch_size=512, assumptions=assumptions())
    assert np.asarray(total) == pytest.approx(np.asarray(parts.total), rel=1e-12)
    assert np.any(np.asarray(total) < np.asarray(wide.total))
