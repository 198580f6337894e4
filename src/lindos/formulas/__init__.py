"""Lindos: formulas."""
