"""Lindos: scenario."""
