"""Errors, array types and files: what every other layer stands on."""
