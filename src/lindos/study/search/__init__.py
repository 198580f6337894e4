"""The best plans of a model on one cluster or the best of several, under a deadline, a budget and a power limit."""

from lindos.study.search.compared import SPLIT, Compared, compared
from lindos.study.search.largest import largest
from lindos.study.search.option import Option
from lindos.study.search.placement import Placement, placements
from lindos.study.search.question import Question, question
from lindos.study.search.runs import Run

__all__ = [
    "SPLIT",
    "Compared",
    "Option",
    "Placement",
    "Question",
    "Run",
    "compared",
    "largest",
    "placements",
    "question",
]
