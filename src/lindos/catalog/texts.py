"""What the plain texts of records may be: one of a few words, a date, a month."""

import datetime
import re
from collections.abc import Mapping
from typing import Any

from lindos.catalog.market import TOKEN_TIERS
from lindos.catalog.records import ATTENTION_KERNELS, BASES, DISPATCHERS

#: Allowed words of fields, by record class and field.
WORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("System", "unit"): ("node", "rack"),
    ("Observation", "status"): ("seen", "forecast", "announced"),
    ("Supply", "status"): ("seen", "forecast"),
    ("SiteFacts", "cooling"): ("air", "liquid", "hybrid"),
    ("SiteFacts", "count_basis"): BASES,
    ("SiteFacts", "power_basis"): BASES,
    ("Observation", "count_basis"): BASES,
    ("TokenPrice", "tier"): TOKEN_TIERS,
    ("Fabric", "kind"): ("scale-up", "scale-out"),
    ("Stack", "attention"): ATTENTION_KERNELS,
    ("Stack", "attention_format"): ("bf16", "fp8"),
    ("Stack", "dispatcher"): DISPATCHERS,
    ("Stack", "sharding"): ("none", "optimizer", "gradients", "parameters"),
    ("Stack", "schedule"): ("one-f-one-b", "zero-bubble", "dual-pipe"),
    ("Stack", "loss"): ("torch", "vocabulary-parallel", "fused"),
    ("Stack", "gradients"): ("usual", "bf16", "fp32"),
    ("Stack", "segments"): ("expandable", "fixed", "planned"),
    ("Stack", "gathers"): ("next-layer", "layer", "matrix"),
    ("Stack", "recompute"): ("least", "none", "selective", "full"),
}

_DATE = re.compile(r"[0-9]{4}(-([0-9]{2}(-[0-9]{2})?|H[12]|Q[1-4]))?")
#: Months of releases of software, from the year in which the transformer was published.
_MONTH = re.compile(r"(201[7-9]|202[0-9]|203[0-5])-(0[1-9]|1[0-2])")


def stated(data: Any) -> Any:
    """Get the text of a field that has sources, or is plain.

    Parameters
    ----------
    data
        Its value in the file.
    """
    return data.get("value") if isinstance(data, Mapping) else data


def expected_time(field: str, data: Any) -> str:
    """Tell what a date or a release must be; empty if it is that, or if the field is neither.

    Parameters
    ----------
    field
        Name of the field.
    data
        Its value in the file.
    """
    text = stated(data)
    if field == "release":
        return "" if _MONTH.fullmatch(str(text)) else "a year from 2017 to 2035 and a month, such as '2025-09'"
    is_right = not field.endswith("date") or text is None or _is_date(str(text))
    return "" if is_right else "a date such as 2025-07-22, 2025-07, 2025-Q3, 2025-H2 or 2025"


def _is_date(text: str) -> bool:
    """Tell whether a text is a year, a half or a quarter of a year, a month or a day."""
    full_date = f"{text}-01-01"[:10] if _DATE.fullmatch(text) else ""
    try:
        datetime.date.fromisoformat(re.sub("-[HQ][1-4](-01)?", "-01-01", full_date)[:10])
    except ValueError:
        return False
    return True
