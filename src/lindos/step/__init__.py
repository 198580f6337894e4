"""Lindos: step."""
