"""A scenario to the questions it asks, to an answer: values in one world, ranges from the other."""

from lindos.study.answer import Answer, Chart, Figure, Section, Series, Table
from lindos.study.answers import answer, answer_file, answer_step, audit_file
from lindos.study.campaign import CampaignAsked

__all__ = [
    "Answer",
    "CampaignAsked",
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
