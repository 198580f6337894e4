"""Lindos: campaign."""
