"""Measurements of speed, memory and import cost: ``python -m benchmarks``."""
