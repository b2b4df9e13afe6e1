"""What verbs need beyond a plain installation."""

import importlib.util

from impasto.core.errors import MissingExtraError


def need(what: str, extra: str, *modules: str) -> None:
    """Raise `MissingExtraError` unless all modules are installed; none is imported."""
    if any(importlib.util.find_spec(module) is None for module in modules):
        raise MissingExtraError(what, extra)
