"""Number formats: one row for each, read by everything that moves, multiplies or stores numbers.

A row has the peak rate of a device at which its products run, the measured kernels, the bytes of a number with its
scales, and what a training or serving recipe in that format keeps wider. To add a format, add a row here; ``kernels``
names its measured kernels in the catalogue.
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from lindos.errors import UnknownNameError
from lindos.quantities import Unit

#: One number's size; never an array.
Size: TypeAlias = Annotated[float, Unit("B")]
#: Size of a number in BF16, and in FP32.
BF16 = 2
FP32 = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One number format as a recipe uses it: format of the numbers and granularity of their scales.

    ``peak`` is the ending of an accelerator's ``peak_*`` field, ``kernels`` that of ``matmul_*``, ``fill_depth_*`` and
    ``partial_wave_*`` of the measured kernels, ``substitute`` that of the rate to use where the first is not measured.
    """

    name: str
    title: str
    peak: str
    bits: int
    kernels: str = ""
    substitute: str = ""
    scale_bytes: Size = 0.0  # of scales, for each number
    trains: bool = False  # a job may train in it
    serves: bool = False  # a fleet may serve in it
    offered: bool = False  # a scenario's inference section may name it
    quantise_reads: int = 0  # times that a BF16 tensor is read to quantise it in training
    weight_layouts: int = 0  # copies of a weight in this format that training keeps: along rows and along columns
    keeps_bf16_weights: bool = False  # training keeps a BF16 copy of each weight
    keeps_bf16_inputs: bool = False  # training keeps the inputs of linear layers in BF16 for the backward pass
    bf16_share: str = ""  # assumption: share of the linear layers' FLOPs that the recipe runs in BF16
    rate_share: str = ""  # assumption: rate of its products over that of the kernels named above
    dispatch_bytes: Size = float(BF16)  # of one number on its way to an expert
    gather_bytes: Size = float(BF16)  # of one weight of a linear layer that data-parallel ranks gather
    cache_bytes: Size = 1.0  # of one cached key or value in serving
    words: tuple[str, ...] = ()  # other names that publishers use

    @property
    def size(self) -> Size:
        """Bytes of one number, scales included."""
        return self.bits / 8 + self.scale_bytes

    @property
    def activation_bytes(self) -> Size:
        """Bytes of one number of a linear layer's input that training keeps."""
        return float(BF16) if self.keeps_bf16_inputs else self.size

    @property
    def peak_title(self) -> str:
        """Title of the peak rate: integers of 8 and 4 bits run as fast as floats."""
        return f"{self.bits}-bit" if self.bits <= 8 else self.title

    @property
    def weight_bytes(self) -> Size:
        """Bytes of one weight of a linear layer in training, all copies included."""
        return BF16 * float(self.keeps_bf16_weights) + self.weight_layouts * self.size


#: Every format, widest first.
FORMATS = (
    Format(name="fp64", title="FP64", peak="fp64", bits=64),
    Format(name="fp32", title="FP32", peak="fp32", bits=32),
    Format(name="tf32", title="TF32", peak="tf32", bits=32),
    Format(
        name="bf16",
        title="BF16",
        peak="bf16",
        bits=16,
        kernels="bf16",
        trains=True,
        serves=True,
        offered=True,
        keeps_bf16_weights=True,
        cache_bytes=float(BF16),
        words=("bfloat16", "fp16", "float16"),
    ),
    # Per-tensor scales with history: finding the largest value takes a separate pass.
    Format(
        name="fp8",
        title="FP8",
        peak="fp8",
        bits=8,
        kernels="fp8",
        trains=True,
        serves=True,
        offered=True,
        quantise_reads=2,
        weight_layouts=2,
        dispatch_bytes=1.0,
        words=("fp8-cs", "fp8-ds", "fp8-sc", "fp8-hybrid", "fp8-blockwise", "float8", "int8"),
    ),
    # The two recipes of torchao, as torchtitan names them: BF16 weights and inputs are kept, and quantised where they
    # are used. One scale a tensor takes a pass to find its largest value, and lets weights be gathered in 8 bits.
    Format(
        name="fp8-tensorwise",
        title="FP8, tensorwise scaling",
        peak="fp8",
        bits=8,
        kernels="fp8",
        trains=True,
        quantise_reads=2,
        keeps_bf16_weights=True,
        keeps_bf16_inputs=True,
        gather_bytes=1.0,
        words=("float8-tensorwise",),
    ),
    # One scale a row fits on the chip, but products along rows and along columns need a pass each.
    Format(
        name="fp8-rowwise",
        title="FP8, rowwise scaling",
        peak="fp8",
        bits=8,
        kernels="fp8",
        trains=True,
        quantise_reads=2,
        keeps_bf16_weights=True,
        keeps_bf16_inputs=True,
        rate_share="fp8_rowwise_rate",
        words=("float8-rowwise",),
    ),
    # One scale of 8 bits for 32 numbers.
    Format(
        name="mxfp8",
        title="MXFP8",
        peak="fp8",
        bits=8,
        kernels="mxfp8",
        substitute="fp8",
        scale_bytes=1 / 32,
        trains=True,
        serves=True,
        quantise_reads=1,
        weight_layouts=2,
        words=("fp8-mx",),
    ),
    Format(name="fp4", title="FP4", peak="fp4", bits=4),
    # One scale of 8 bits for 16 numbers; the Hadamard transform needs a separate pass.
    Format(
        name="nvfp4",
        title="NVFP4",
        peak="fp4",
        bits=4,
        kernels="fp4",
        scale_bytes=1 / 16,
        trains=True,
        serves=True,
        offered=True,
        quantise_reads=2,
        weight_layouts=2,
        keeps_bf16_weights=True,
        bf16_share="nvfp4_bf16_share",
        words=("fp4",),
    ),
    Format(name="mxfp4", title="MXFP4", peak="fp4", bits=4, kernels="fp4", scale_bytes=1 / 32, serves=True),
)
_ROWS = {row.name: row for row in FORMATS}
#: Formats that a device's peak may be known in, widest first.
PEAKS = tuple(dict.fromkeys(row.peak for row in FORMATS))
#: Names of the formats that a job may train in, that a fleet may serve in, and that a scenario offers.
TRAINING = tuple(row.name for row in FORMATS if row.trains)
SERVING = tuple(row.name for row in FORMATS if row.serves)
OFFERED = tuple(row.name for row in FORMATS if row.offered)
#: The training format for every word that publishers use.
TRAINING_WORDS = {word: row.name for row in FORMATS if row.trains for word in (row.name, *row.words)}


def number_format(name: str) -> Format:
    """Look up a number format.

    Parameters
    ----------
    name
        Name of the format, ``"mxfp8"``.

    Raises
    ------
    UnknownNameError
        If no format has that name.

    Examples
    --------
    >>> number_format("mxfp8").size
    1.03125
    """
    if name not in _ROWS:
        raise UnknownNameError("precision", name, _ROWS)
    return _ROWS[name]
