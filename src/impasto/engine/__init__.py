"""Measure, compose and paint on a runtime."""
