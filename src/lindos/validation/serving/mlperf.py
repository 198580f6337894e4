"""MLPerf Inference: lengths of its data and limits of its scenarios, by its published rules."""

from typing import NamedTuple

from lindos.validation.run import OneTime


class Benchmark(NamedTuple):
    """One model in one scenario; a limit of zero is none."""

    prompt: float  # tokens, mean
    answer: float
    first_limit: OneTime = 0.0  # 99th percentile of the time to the first token
    token_limit: OneTime = 0.0  # 99th percentile of the time of a token


#: Lengths (OpenOrca; OpenOrca, GSM8K and MBXP; CNN/DailyMail; long documents; mathematics and code), and limits on the
#: first token and on every further one in the scenarios Server and Interactive.
_MODELS: dict[str, tuple[float, float, dict[str, tuple[float, float]]]] = {
    "llama2-70b": (294.0, 294.0, {"server": (2.0, 0.2), "interactive": (0.45, 0.04)}),
    "mixtral-8x7b": (294.0, 145.0, {"server": (2.0, 0.2)}),
    "llama3.1-8b": (778.0, 73.0, {"server": (2.0, 0.1), "interactive": (0.5, 0.03)}),
    "llama3.1-405b": (9_400.0, 680.0, {"server": (6.0, 0.175), "interactive": (4.5, 0.08)}),
    "deepseek-r1": (800.0, 3_880.0, {"server": (2.0, 0.08)}),
}
#: A limit holds for the 99th percentile; the mean lies below it by about this factor.
_TAIL = 1.1


def benchmark_of(model: str, mode: str) -> Benchmark | None:
    """Get the benchmark of a row.

    Parameters
    ----------
    model
        Model as the row names it.
    mode
        ``MLPerf Offline``, ``MLPerf Server`` or ``MLPerf Interactive``; None for anything else.
    """
    words = mode.lower().split()
    if not words or words[0] != "mlperf":
        return None
    for name, (prompt, answer, limits) in _MODELS.items():
        if model.lower().startswith(name):
            first, token = limits.get(words[-1], (0.0, 0.0))
            return Benchmark(prompt, answer, first, token / _TAIL)
    return None
