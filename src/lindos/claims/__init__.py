"""Lindos: claims."""
