"""Reasons of an audit in German, for articles in German."""

import re

#: Name of each kind of error for a reader.
KINDS = {
    "billion_billionen": "Billion statt Milliarde: das Tausendfache",
    "prefix_1000": "eine Vorsilbe, um tausend verrutscht",
    "precision_mixup": "eine andere Genauigkeit",
    "dies_as_packages": "Dies als GPUs gezählt",
    "power_vs_energy": "Leistung und Energie verwechselt",
    "power_per_gpu": "die Leistung je Gerät passt nicht",
    "wrong_subject": "die Zahl von etwas anderem",
    "price_total": "eine Summe oder ein Preis, die nicht passen",
    "date_contradiction": "Daten, die einander widersprechen",
    "percent_vs_factor": "Prozentangabe und Faktor verwechselt",
    "decimal_slip": "ein verrutschtes Komma",
    "top500_precision": "KI-Leistung geteilt durch ein Ergebnis in FP64",
    "mfu_over_100": "mehr Arbeit, als die Geräte leisten",
    "schedule": "verspätet",
    "direction": "ein Anstieg, der ein Rückgang ist, oder umgekehrt",
    "share_sum": "Anteile, die nicht das Ganze ergeben",
}
#: Words of a line of arithmetic, the longest first.
_WORDS = {
    ", and not the whole": ", und nicht das Ganze",
    " is more than any company has been worth, about ": " ist mehr, als je eine Firma wert war, etwa ",
    " is more than the economic output of the world in a year, about ": (
        " übersteigt die Weltwirtschaftsleistung, etwa "
    ),
    " is more than the electric power that the world uses, about ": (
        " ist mehr als die elektrische Leistung der Welt, etwa "
    ),
    " is more than the electricity that the world uses in a year, about ": (
        " ist mehr als der Jahresstrom der Welt, etwa "
    ),
    ", if it is a thousand times too much": ", wenn es das Tausendfache ist",
    " of a peak is more than the devices can do": " einer Spitzenleistung ist mehr, als die Geräte leisten",
    ' is a power and has no "a year"': " ist eine Leistung und hat kein „im Jahr“",
    " is an energy": " ist eine Energie",
    ", a power": ", eine Leistung",
    ", an energy": ", eine Energie",
    "a part is more than its whole": "ein Teil ist mehr als das Ganze",
    "the chip alone is rated": "der Chip allein ist ausgelegt für",
    "the figure of": "die Zahl von",
    "the power of": "die Leistung von",
    "of the dense": "der dichten",
    "counts the": "zählt die",
    "dies of each": "Dies von jedem",
    "GPU packages": "GPU-Gehäuse",
    "with sparsity": "mit dünn besetzten Matrizen",
    "on the list of": "auf der Liste von",
    "at full load": "bei voller Last",
    "what would hold": "was stimmen würde",
    " a year": " im Jahr",
    " an hour": " je Stunde",
    " a month": " im Monat",
    " a day": " am Tag",
    " a device": " je Gerät",
    " a rack": " je Schrank",
    " a unit": " je Stück",
    " dense": " dicht",
    " each": " je Stück",
    " times": "-mal",
    " of ": " von ",
    ", not ": ", nicht ",
    "; or ": "; oder ",
}
_PATTERN = re.compile("|".join(re.escape(words) + r"(?![a-z])" for words in sorted(_WORDS, key=len, reverse=True)))


def in_german(line: str) -> str:
    """Translate the words of a line of arithmetic; names and amounts stay as they are.

    Parameters
    ----------
    line
        A line that a check has written.

    Examples
    --------
    >>> in_german("10k x 2 kW a device = 20 MW, not 20 GW")
    '10k x 2 kW je Gerät = 20 MW, nicht 20 GW'
    """
    return _PATTERN.sub(lambda match: _WORDS[match.group()], line)
