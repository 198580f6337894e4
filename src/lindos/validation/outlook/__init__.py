"""Backtest of years: sites and the world forecast from days that have passed, with what was known on them."""

from lindos.validation.outlook.calibration import Stretch, calibrated, outlook_error, stretches
from lindos.validation.outlook.knowledge import (
    Announcement,
    Knowledge,
    Reading,
    known_on,
    read_announcements,
    read_readings,
)
from lindos.validation.outlook.score import ORIGINS, Forecast, Scores, forecasts, ranked_probability_score, scores

__all__ = [
    "ORIGINS",
    "Announcement",
    "Forecast",
    "Knowledge",
    "Reading",
    "Scores",
    "Stretch",
    "calibrated",
    "forecasts",
    "known_on",
    "outlook_error",
    "ranked_probability_score",
    "read_announcements",
    "read_readings",
    "scores",
    "stretches",
]
