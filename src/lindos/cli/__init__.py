"""Lindos: cli."""
