"""Lindos: catalog."""
