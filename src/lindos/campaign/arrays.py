"""Types of the arrays of a tile: a row per trial, a column per stop, failure or moment."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from lindos.quantities import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]
    Indexes: TypeAlias = NDArray[np.integer[Any]]
    Mask: TypeAlias = NDArray[np.bool_]
else:
    _Floats = Indexes = Mask = Any

SecondsArray: TypeAlias = Annotated[_Floats, Unit("s")]
CountArray: TypeAlias = Annotated[_Floats, Unit("1")]
FractionArray: TypeAlias = Annotated[_Floats, Unit("1")]
