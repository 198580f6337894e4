"""The best plans of a model on one cluster or the best of several, under a deadline, a budget and a power limit."""

from lindos.answers.search.answer import answer_search
from lindos.answers.search.question import Question, question

__all__ = ["Question", "answer_search", "question"]
