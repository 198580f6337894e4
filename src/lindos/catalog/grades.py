"""Grades of sources: how far a source is from what it reports.

``primary`` is a file, a filing, a paper or a measurement of those who know; ``vendor`` a page of a maker or a seller;
``press`` a report or a web page about it; ``estimate`` a model or a judgement of an analyst; ``recalled`` what was
stated from memory and not read. A source states its grade, or has that of its kind.
"""

from collections.abc import Iterable, Mapping

from lindos.catalog.facts import Source

#: Grades, the best first.
GRADES = ("primary", "vendor", "estimate", "press", "recalled")
#: Grade of a value that the user gave.
USER_GRADE = "own"
#: Grade of each kind of source, without what a kind says in brackets.
_GRADE_OF_KIND: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("paper", "paper abstract", "measurement", "statistics", "filing", "source code", "data sheet as copied"),
            *("price file", "model configuration", "annual report", "operator report", "law"),
        ),
        "primary",
    ),
    **dict.fromkeys(("vendor documentation", "vendor page", "documentation", "price list"), "vendor"),
    **dict.fromkeys(
        (
            "estimate",
            "dataset copy in repo",
            "dataset",
            "survey",
            "analyst report",
            "analyst model",
            "sheet",
            "design document",
        ),
        "estimate",
    ),
    **dict.fromkeys(("press", "web page", "secondary", "repository", "repo", "report"), "press"),
    "user": USER_GRADE,
}
#: What a kind says in brackets where a source was read elsewhere.
_SECOND_HAND = ("via", "as quoted", "as reported")


def grade_of(source: Source) -> str:
    """Get the grade of a source: its own, else that of its kind, else the grade of a report.

    Parameters
    ----------
    source
        The source.

    Examples
    --------
    >>> grade_of(Source(id="x", title="t", url="u", kind="measurement"))
    'primary'
    """
    kind, _, remark = source.kind.partition(" (")
    return source.grade or ("press" if remark.startswith(_SECOND_HAND) else _GRADE_OF_KIND.get(kind, "press"))


def grade_text(source: Source) -> str:
    """Write the grade of a source for a list of sources.

    Parameters
    ----------
    source
        The source.
    """
    return f"grade: {grade_of(source)}"


def has_grade(source: Source) -> bool:
    """Tell whether a source states a grade or is of a kind that has one.

    Parameters
    ----------
    source
        The source.
    """
    return bool(source.grade) or source.kind.partition(" (")[0] in _GRADE_OF_KIND


def best(grades: Iterable[str]) -> str:
    """Get the best of some grades; empty where there is none.

    Parameters
    ----------
    grades
        Words of `GRADES`, or `USER_GRADE`.
    """
    ranked = sorted(grades, key=lambda grade: GRADES.index(grade) if grade in GRADES else -1)
    return ranked[0] if ranked else ""
