"""Whole articles: every numeral is accounted for, and what is flagged is wrong."""

import textwrap
from pathlib import Path

import pytest

from article_scores import ARTICLES, Score, add, audited, read


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_every_numeral_of_an_article_stands_in_it(path: Path) -> None:
    answers = read(path)
    audit = audited(answers)
    end = 0
    for numeral in audit.judgements:
        assert answers["text"][numeral.start : numeral.end] == numeral.text
        assert numeral.start >= end, "numerals overlap"
        end = numeral.end
    digits = [i for i, c in enumerate(answers["text"]) if c.isdigit()]
    covered = {i for n in audit.judgements for i in range(n.start, n.end)}
    assert not [answers["text"][i - 10 : i + 10] for i in digits if i not in covered]


def test_articles_are_read_and_judged() -> None:
    score = Score()
    for path in ARTICLES:
        add(score, path.stem, read(path))
    assert len(ARTICLES) >= 20
    assert score.covered >= 0.99 * score.numerals, score.notes
    assert score.right_values >= 0.98 * score.values, score.notes
    assert score.f1 >= 0.95, score.notes
    assert score.clean_flags == 0, score.notes


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_lines_cut_at_a_width_change_no_verdict(path: Path) -> None:
    answers = read(path)
    wrapped = "\n".join(textwrap.fill(line, 90, break_on_hyphens=False) for line in answers["text"].split("\n"))
    said = [
        [(" ".join(n.text.split()), judgement.verdict) for n, judgement in audited(body).judgements.items()]
        for body in (answers, {**answers, "text": wrapped})
    ]
    assert said[0] == said[1]
