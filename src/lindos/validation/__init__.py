"""Predicted against measured: published training runs, read, predicted under their own plan, and scored."""

from lindos.validation.campaigns import Comparison, published
from lindos.validation.explain import Explanation, explain_run, explanation_document
from lindos.validation.fits import Fits
from lindos.validation.own_runs import Calibration, calibrate, catalogue_file, read_own_runs, template
from lindos.validation.predict import Prediction, predict
from lindos.validation.read import parse_runs, read_layouts, read_runs
from lindos.validation.run import Measurement, Row, Run
from lindos.validation.score import Result, Score, Slice, document, score, validate, validate_runs
from lindos.validation.site_power import (
    SitePrediction,
    SiteScore,
    SiteSlice,
    site_document,
    sites_csv,
    validate_sites,
)
from lindos.validation.site_rows import SiteRow, is_site_file, read_site_rows
from lindos.validation.write import predicted_csv

__all__ = [
    "Calibration",
    "Comparison",
    "Explanation",
    "Fits",
    "Measurement",
    "Prediction",
    "Result",
    "Row",
    "Run",
    "Score",
    "SitePrediction",
    "SiteRow",
    "SiteScore",
    "SiteSlice",
    "Slice",
    "calibrate",
    "catalogue_file",
    "document",
    "explain_run",
    "explanation_document",
    "is_site_file",
    "parse_runs",
    "predict",
    "predicted_csv",
    "published",
    "read_layouts",
    "read_own_runs",
    "read_runs",
    "read_site_rows",
    "score",
    "site_document",
    "sites_csv",
    "template",
    "validate",
    "validate_runs",
    "validate_sites",
]
