"""Questions that Lindos does not answer, by the words that people write for them, and what to use instead."""

import re

#: Words of a field, and what to say.
_NOT_MODELLED = (
    (
        r"^(rl|rlhf|rlvr|grpo|ppo|dpo|post_?training|reinforcement_learning|rollouts?)$",
        "RL post-training is not modelled: give the rollouts as `inference` traffic, the updates as a `job` whose "
        "goal is their tokens, and add the two.",
    ),
    (
        r"^(co2e?|carbon|carbon_intensity|hourly_carbon|emissions?|greenhouse_gas(es)?)$",
        "Carbon is not modelled, by the hour or by the year: multiply `site.power.yearly_energy` or "
        "`campaign.run_energy` of results.json by the intensity of your grid.",
    ),
    (
        r"^(water|wue|water_use)$",
        "Water is not modelled: multiply `site.power.yearly_energy` of results.json by the water per kWh of your "
        "cooling.",
    ),
    (
        r"^(tax(es)?|land|staff|salaries|subsid(y|ies)|depreciation_tax)$",
        "Land, taxes, subsidies and staff are not modelled: add them to `site.capex.total` and `site.year.total`.",
    ),
    (
        r"^(spot|preemptible|preemption|interruptible)$",
        "Training on spot capacity is not modelled as such: `campaign.failures` takes preemptions as a kind of "
        "failure, with the mean time between them and `of: node`.",
    ),
    (
        r"^(accuracy|loss|quality|eval(uation)?s?|benchmark|perplexity)$",
        "What a model learns is not modelled: `campaign.data` gives the size that the computation is enough for.",
    ),
    (
        r"^(latency|ttft|tpot|slo|time_to_first_token)$",
        "A scenario has no field for it: the promised speed of a user is a parameter of the catalogue; see "
        "`lindos catalog show inference`.",
    ),
)


def not_modelled(name: str) -> str:
    """Say what to use instead of a field that stands for something that is not modelled; empty for any other.

    >>> not_modelled("rlhf")[:34]
    'RL post-training is not modelled: '

    Parameters
    ----------
    name
        Name of an unknown field.
    """
    word = re.sub(r"[\s-]+", "_", name.strip().lower())
    return next((sentence for pattern, sentence in _NOT_MODELLED if re.match(pattern, word)), "")
