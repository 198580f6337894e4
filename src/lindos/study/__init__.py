"""A scenario to the questions it asks, to an answer: values in one world, ranges from the other."""

from lindos.study.answer import Answer, Chart, Figure, Section, Series, Table
from lindos.study.answers import answer, answer_file, answer_step, audit_file

__all__ = [
    "Answer",
    "Chart",
    "Figure",
    "Section",
    "Series",
    "Table",
    "answer",
    "answer_file",
    "answer_step",
    "audit_file",
]
