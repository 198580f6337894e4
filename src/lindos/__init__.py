"""Lindos plans, simulates and prices AI superclusters."""

__version__ = "0.1.0"
__all__ = ["__version__"]
