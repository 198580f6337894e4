"""Units as types: every number inside Lindos is an SI float whose annotation names its unit.

``bandwidth: BytesPerSecond`` tells everything: no gigabyte, hour or megawatt exists inside Lindos, so no formula
contains a conversion constant. Only :mod:`lindos.units` reads and writes text with units.

A `Real` is a float, a NumPy array or a JAX array. Formulas use operators, and :func:`namespace` where an operator
does not exist (min, max, where, ceil, log). No formula may branch on a value.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Real: TypeAlias = float | NDArray[np.float64]
else:
    Real = float


@dataclass(frozen=True, slots=True)
class Unit:
    """The SI unit of an annotated number, as :func:`lindos.units.parse` spells it; ``"1"`` for a pure number."""

    symbol: str


Count: TypeAlias = Annotated[Real, Unit("1")]
Fraction: TypeAlias = Annotated[Real, Unit("1")]
Seconds: TypeAlias = Annotated[Real, Unit("s")]
PerSecond: TypeAlias = Annotated[Real, Unit("1/s")]
Bytes: TypeAlias = Annotated[Real, Unit("B")]
BytesPerSecond: TypeAlias = Annotated[Real, Unit("B/s")]
BytesPerToken: TypeAlias = Annotated[Real, Unit("B/token")]
Flop: TypeAlias = Annotated[Real, Unit("FLOP")]
FlopPerSecond: TypeAlias = Annotated[Real, Unit("FLOP/s")]
FlopPerToken: TypeAlias = Annotated[Real, Unit("FLOP/token")]
FlopPerByte: TypeAlias = Annotated[Real, Unit("FLOP/B")]
Tokens: TypeAlias = Annotated[Real, Unit("token")]
TokensPerSecond: TypeAlias = Annotated[Real, Unit("token/s")]
Watts: TypeAlias = Annotated[Real, Unit("W")]
Joules: TypeAlias = Annotated[Real, Unit("J")]
JoulesPerToken: TypeAlias = Annotated[Real, Unit("J/token")]
FlopPerJoule: TypeAlias = Annotated[Real, Unit("FLOP/J")]
Usd: TypeAlias = Annotated[Real, Unit("USD")]
UsdPerSecond: TypeAlias = Annotated[Real, Unit("USD/s")]
UsdPerJoule: TypeAlias = Annotated[Real, Unit("USD/J")]
UsdPerWatt: TypeAlias = Annotated[Real, Unit("USD/W")]
UsdPerToken: TypeAlias = Annotated[Real, Unit("USD/token")]
UsdPerFlop: TypeAlias = Annotated[Real, Unit("USD/FLOP")]
UsdPerByte: TypeAlias = Annotated[Real, Unit("USD/B")]


def namespace(*values: Any) -> Any:
    """Get the array namespace (``minimum``, ``where``, ``ceil``, ...) of some values; NumPy for plain floats.

    Parameters
    ----------
    values
        Numbers and arrays.

    Examples
    --------
    >>> namespace(1.0, 2).minimum(1.0, 2)
    np.float64(1.0)
    """
    import numpy as np

    for value in values:
        if not isinstance(value, (int, float, np.ndarray, np.generic)):
            from array_api_compat import array_namespace

            return array_namespace(*(v for v in values if not isinstance(v, (int, float))))
    return np
