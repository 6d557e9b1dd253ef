"""Tests of the package: unit, integration and system."""
