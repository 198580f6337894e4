"""Lindos: report."""
