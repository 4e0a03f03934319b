"""Jutong (聚通): one package that every tier of government runs to gather, connect and use its data."""

__version__ = "0.1.0"
