"""Lindos: site."""
