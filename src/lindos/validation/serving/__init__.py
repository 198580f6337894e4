"""Predicted against measured serving: throughput, time of a token and time to the first, by condition and slice."""

from lindos.validation.serving.explain import serving_explanation
from lindos.validation.serving.predict import ServingPrediction, predict_serving
from lindos.validation.serving.rows import ServingRow, is_serving_file, read_serving
from lindos.validation.serving.score import ServingScore, serving_csv, serving_document, validate_serving

__all__ = [
    "ServingPrediction",
    "ServingRow",
    "ServingScore",
    "is_serving_file",
    "predict_serving",
    "read_serving",
    "serving_csv",
    "serving_document",
    "serving_explanation",
    "validate_serving",
]
