"""Lindos: roadmap."""
