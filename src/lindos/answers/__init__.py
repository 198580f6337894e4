"""The questions that can be asked, one file each: read the input, run the chain, show the answer."""

from lindos.answers.answer import Answer
from lindos.answers.audit import audit_file
from lindos.answers.scenario import answer, answer_file
from lindos.answers.step import answer_step

__all__ = ["Answer", "answer", "answer_file", "answer_step", "audit_file"]
