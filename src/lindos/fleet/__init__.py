"""Lindos: fleet."""
