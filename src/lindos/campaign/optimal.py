"""The best model for a budget of training compute."""

from dataclasses import dataclass
from typing import Annotated

from lindos.catalog import Catalog
from lindos.errors import InputError
from lindos.formulas import scaling
from lindos.quantities import Count, Flop, FlopPerToken, Fraction, Tokens
from lindos.results import Why

#: Published fits of the law in the catalogue; the first is the default.
FITS = ("replication", "chinchilla")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingLaw:
    """Coefficients of one fit of the parametric law, to be used together."""

    fit: str
    irreducible: Fraction
    params_coefficient: Fraction
    params_exponent: Fraction
    tokens_coefficient: Fraction
    tokens_exponent: Fraction
    flop_per_param_token: FlopPerToken


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeOptimal:
    """The dense model that reaches the lowest loss for a budget of training compute."""

    num_params: Annotated[Count, Why("parameters of the compute-optimal dense model")]
    tokens: Annotated[Tokens, Why("tokens to train it on")]
    loss: Annotated[Fraction, Why("cross-entropy in nats per token on the data of the fit; far extrapolated")]

    @property
    def tokens_per_param(self) -> Count:
        """Tokens for each parameter."""
        return self.tokens / self.num_params


def scaling_law(catalog: Catalog, fit: str = FITS[0]) -> ScalingLaw:
    """Look up one fit of the scaling law.

    Parameters
    ----------
    catalog
        Source of the coefficients.
    fit
        ``"replication"`` (Besiroglu 2024) or ``"chinchilla"`` (Hoffmann 2022).

    Raises
    ------
    InputError
        If there is no such fit.
    """
    if fit not in FITS:
        raise InputError("fit", fit, f"one of {', '.join(FITS)}")
    names = ("irreducible", "params_coefficient", "params_exponent", "tokens_coefficient", "tokens_exponent")
    values = {name: catalog.parameter(f"scaling.{fit}.{name}", "1").value for name in names}
    return ScalingLaw(
        fit=fit, flop_per_param_token=catalog.parameter("scaling.flop_per_param_token", "FLOP/token").value, **values
    )


def compute_optimal(flop_budget: Flop, law: ScalingLaw) -> ComputeOptimal:
    """Divide a budget of training compute between parameters and tokens.

    Parameters
    ----------
    flop_budget
        Training compute in FLOP.
    law
        Coefficients of one fit.

    Returns
    -------
    ComputeOptimal
        Parameters and tokens of the model with the lowest loss, and that loss in nats per token.

    Notes
    -----
    Both fits rest on runs below 1e22 FLOP. At the frontier, the difference between the two shows the uncertainty.
    """
    product = scaling.tokens_from_flop(flop_budget, law.flop_per_param_token)
    coefficients = {
        "params_coefficient": law.params_coefficient,
        "params_exponent": law.params_exponent,
        "tokens_coefficient": law.tokens_coefficient,
        "tokens_exponent": law.tokens_exponent,
    }
    num_params = scaling.optimal_params(product, **coefficients)
    tokens = product / num_params
    loss = scaling.loss(num_params, tokens, law.irreducible, **coefficients)
    return ComputeOptimal(num_params=num_params, tokens=tokens, loss=loss)
