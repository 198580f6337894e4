"""Layers of other kinds: counted by hand, summed by kind, and what they keep of a sequence."""

from dataclasses import replace

import pytest

from lindos.catalog import load_catalog
from lindos.catalog.mixers import (
    Attention,
    DeltaNet,
    Layers,
    Lightning,
    Mamba1,
    Mamba2,
    Mixer,
    ShortConvolution,
    of_length,
    widened,
)
from lindos.catalog.model import Model, model_errors
from lindos.fleet.work import work_of
from lindos.step.activations import layer_activations
from lindos.transformer import Kind, layer_params, num_params, operators
from lindos.transformer.composition import of_model
from step_fixtures import DENSE

HIDDEN = 4096
MIXERS: dict[Mixer, float] = {
    # in: gate, values, keys, queries and steps; out.
    Mamba2(num_heads=64, head_dim=64, num_groups=8, state_size=128, kernel_size=4): HIDDEN
    * (2 * 4096 + 2 * 8 * 128 + 64 + 4096),
    # in: values and gate; step, keys and queries; step; decay; out.
    Mamba1(inner_size=8192, state_size=16, kernel_size=4, step_rank=256): HIDDEN * 2 * 8192
    + 8192 * (256 + 2 * 16)
    + 256 * 8192
    + 8192 * 16
    + 8192 * HIDDEN,
    # queries and keys; values and gate; step and decay; out.
    DeltaNet(num_key_heads=16, num_value_heads=32, key_head_dim=128, value_head_dim=128, kernel_size=4): HIDDEN
    * (2 * 2048 + 2 * 4096 + 2 * 32 + 4096),
    Lightning(num_heads=32, head_dim=128): HIDDEN * 5 * 4096,
    ShortConvolution(kernel_size=3): HIDDEN * 4 * HIDDEN,
    Attention(num_heads=16, num_kv_heads=2, head_dim=256, output_gate=True): HIDDEN * (2 * 4096 + 2 * 2 * 256 + 4096),
    Attention(keys_as_values=True): HIDDEN * (4096 + 8 * 128 + 4096),
    Attention(shared_cache=True): HIDDEN * (4096 + 4096),
}


def hybrid(*groups: Layers) -> Model:
    return replace(DENSE, layers=groups, num_layers=sum(group.count for group in groups))


@pytest.mark.parametrize("mixer", MIXERS, ids=lambda mixer: mixer.kind)
def test_parameters_of_a_mixer_add_up_by_hand(mixer: Mixer) -> None:
    model = hybrid(Layers(count=3, mixers=(mixer,), feed_forward="none"), Layers(count=1))
    tables = 2 * DENSE.vocab_size * HIDDEN
    assert num_params(model) == 3 * MIXERS[mixer] + 3 * HIDDEN * DENSE.ffn_hidden_size + tables


@pytest.mark.parametrize("mixer", MIXERS, ids=lambda mixer: mixer.kind)
def test_a_recurrence_costs_as_much_for_every_token(mixer: Mixer) -> None:
    model = hybrid(Layers(count=4, mixers=(mixer,)))

    def flop(length: int, kind: Kind) -> float:
        return sum(row.forward_flop for row in operators(model, sequence_length=length) if row.kind is kind)

    assert flop(65_536, Kind.SCAN) == flop(8192, Kind.SCAN)
    attention = flop(65_536, Kind.ATTENTION), flop(8192, Kind.ATTENTION)
    assert attention[0] == 8 * attention[1]
    assert bool(attention[0]) == isinstance(mixer, Attention)
    work = work_of(model, "bf16")
    kept = [work.cached_numbers(length) + work.state_bytes for length in (8192, 65_536)]
    grows = isinstance(mixer, Attention) and not mixer.shared_cache
    assert kept[1] == (8 * kept[0] if grows else kept[0])


def test_layers_side_by_side_and_in_turn_are_sums_over_kinds() -> None:
    mamba = Mamba2(num_heads=64, head_dim=64, num_groups=8, state_size=128, kernel_size=4)
    side_by_side = hybrid(Layers(count=4, mixers=(Attention(), mamba)))
    in_turn = hybrid(Layers(count=4, mixers=(Attention(),)), Layers(count=4, mixers=(mamba,), feed_forward="none"))
    assert num_params(side_by_side) == num_params(in_turn)
    assert (of_model(side_by_side).branches, of_model(in_turn).branches) == (8, 12)
    mean = layer_params(in_turn, is_expert=False).split
    assert 8 * mean == num_params(in_turn) - 2 * DENSE.vocab_size * HIDDEN


def test_groups_that_say_what_the_counts_say_change_nothing() -> None:
    listed = hybrid(Layers(count=16, mixers=(Attention(window=128),)), Layers(count=16, mixers=(Attention(),)))
    counted = replace(DENSE, sliding_window=128, num_windowed_layers=16)
    assert set(operators(listed, sequence_length=8192)) == set(operators(counted, sequence_length=8192))
    assert layer_activations(listed, 2.0, is_expert=False) == layer_activations(counted, 2.0, is_expert=False)


def test_a_chunk_is_seen_half_and_an_indexer_bounds_the_keys() -> None:
    model = hybrid(
        Layers(count=1, mixers=(Attention(chunk=1024),)),
        Layers(count=1, mixers=(Attention(index_heads=4, index_head_dim=64, index_keys=512),)),
    )
    table = {row.name: row for row in operators(model, sequence_length=4096)}
    assert table["attention.chunked"].keys == 512
    assert table["attention.sparse"].keys == 512 - 512**2 / 8192
    assert (table["attention.index"].keys, table["attention.index"].head_dims) == (2048, 256)


def test_a_shorter_copy_keeps_the_proportions() -> None:
    model = load_catalog().model("nemotron-3-nano")
    shorter = of_length(model.layers, 26)
    assert [group.count for group in shorter] == [12, 11, 3]
    assert sum(group.count for group in of_length(model.layers, 3)) == 3
    mixer = widened(model.layers, 2.0)[0].mixers[0]
    assert isinstance(mixer, Mamba2)
    assert (mixer.num_heads, mixer.num_groups) == (128, 8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_layers": 5}, "num_layers is 5, but must be 4, as many as the groups of layers count"),
        ({"num_windowed_layers": 2, "sliding_window": 8}, "left out beside groups of layers"),
        ({"layers": (Layers(count=4, feed_forward="experts"),)}, "given with num_experts"),
        ({"layers": (Layers(count=4, feed_forward="none"),)}, "mixers"),
        ({"layers": (Layers(count=4, mixers=(Attention(num_heads=9),)),)}, "a divisor of 9 heads"),
    ],
)
def test_contradictions_between_groups_and_counts_are_named(changes: dict[str, object], words: str) -> None:
    model = replace(hybrid(Layers(count=4, mixers=(Attention(),))), **changes)  # type: ignore[arg-type]
    assert any(words in str(error) for error in model_errors(model, "model"))
