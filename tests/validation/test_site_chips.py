"""Names of chips in tables of sites."""

import pytest

from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.validation.site_chips import parts_of
from lindos.validation.site_power import predict_site, system_of
from lindos.validation.site_rows import DISCLOSED, SITE, SiteRow


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("28463 B200+25120 TPU v7", (("B200", 28463), ("TPU v7", 25120))),
        ("100,000 H100, 50k H200", (("H100", 100_000), ("H200", 50_000))),
        ("100,000 NVIDIA H100 GPUs and 1.2 million TPU v5e", (("NVIDIA H100 GPUs", 100_000), ("TPU v5e", 1_200_000))),
        ("200000x GB300; 10 x B200", (("GB300", 200_000), ("B200", 10))),
    ],
)
def test_counts_of_chips_are_read_as_tables_write_them(text: str, parts: tuple[tuple[str, float], ...]) -> None:
    assert parts_of(text) == parts


@pytest.mark.parametrize("text", ["", "H100", "many H100", "100000", "1000 H100 + B200"])
def test_what_is_no_count_of_chips_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parts_of(text)


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("NVIDIA H100 SXM5 80GB", "hgx-h100"),
        ("A100", "dgx-a100"),
        ("A100 40 GB", "dgx-a100-40gb"),
        ("NVIDIA A100 SXM4 80 GB", "dgx-a100"),
        ("h20", "hgx-h20"),
        ("Ironwood", "tpu-v7-pod"),
        ("Google TPU v6e (Trillium)", "tpu-v6e-pod"),
        ("Vera Rubin", "vera-rubin-nvl72"),
        ("Rubin Ultra", "rubin-ultra-nvl576"),
        ("AWS Trainium 2 chips", "trainium2-ultraserver"),
        ("AMD Instinct MI325X", "mi325x-node"),
        ("MI450", "amd-helios"),
        ("Intel Gaudi 3", "gaudi3-node"),
        ("Huawei Ascend 910C", "cloudmatrix-384"),
        ("H100 equivalents", "H100 equivalents"),
    ],
)
def test_a_chip_is_found_with_or_without_its_maker(text: str, system: str) -> None:
    assert system_of(text, SITE, load_catalog()) == system


def test_every_accelerator_that_a_system_holds_has_the_power_of_a_site() -> None:
    catalog = load_catalog()
    for name in {catalog.system(system).accelerator for system in catalog.names("systems")}:
        row = SiteRow(name=name, date="", kind=SITE, basis=DISCLOSED, parts=((name, 10_000),), it_power=None)
        prediction = predict_site(row, catalog)
        assert not prediction.refusal, name
        assert prediction.low is not None and prediction.it_power is not None and prediction.high is not None
        assert prediction.low < prediction.it_power < prediction.high, name
