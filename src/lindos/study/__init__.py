"""Lindos: study."""
