"""The README's figure: Colossus 2 from parts, as a small SVG for light and dark pages."""

from lindos.study import Answer, answer_file
from lindos.units import render

_COLOURS = ("#2a7fc9", "#e69f00", "#009e73", "#d1659f", "#56b4e9", "#8c6bb1", "#a0a0a0")
_PARTS = {
    "site.power.total": ("systems", "switches", "optics", "storage", "overhead"),
    "site.capex.total": ("systems", "switches", "optics", "storage", "construction"),
    "campaign.time.total": (
        "productive",
        "checkpoint_save",
        "wasted_progress",
        "infrastructure_recovery",
        "startup",
    ),
}
_TITLES = {
    "site.power.total": "Facility power",
    "site.capex.total": "Capital cost",
    "campaign.time.total": "Ninety days of training",
}
_NAMES = {"overhead": "cooling", "infrastructure_recovery": "recovery", "checkpoint_save": "checkpoints"}
_WIDTH, _BAR, _ROW = 720, 26, 86


def svg(answer: Answer) -> str:
    """Three stacked bars: what draws power, what costs money, where the days go."""
    body = []
    for row, (total, parts) in enumerate(_PARTS.items()):
        top = 18 + row * _ROW
        figure = answer.figure(total)
        whole = figure.value or 0.0
        head = f"{_TITLES[total]}: {render(whole, figure.unit)}"
        if figure.low is not None and figure.high is not None:
            head += f" ({render(figure.low, figure.unit)} to {render(figure.high, figure.unit)})"
        body.append(f'<text x="0" y="{top}" class="h">{head}</text>')
        left = 0.0
        legend = 0.0
        for colour, part in zip(_COLOURS, parts, strict=False):
            value = answer.figure(f"{total.removesuffix('.total')}.{part}").value or 0.0
            width = _WIDTH * value / whole
            body.append(f'<rect x="{left:.1f}" y="{top + 8}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>')
            left += width
            label = f"{_NAMES.get(part, part.replace('_', ' '))} {100 * value / whole:.2g} %"
            body.append(f'<rect x="{legend:.0f}" y="{top + 44}" width="9" height="9" fill="{colour}"/>')
            body.append(f'<text x="{legend + 13:.0f}" y="{top + 52}" class="s">{label}</text>')
            legend += 30 + 6.1 * len(label)
    style = "text{font-family:system-ui,sans-serif;fill:#777}.h{font-size:15px;font-weight:600}.s{font-size:11px}"
    height = 18 + len(_PARTS) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Colossus 2 built from parts"><style>{style}</style>{"".join(body)}</svg>\n'
    )


def figure() -> str:
    """The figure, computed now."""
    return svg(answer_file("colossus-2"))
