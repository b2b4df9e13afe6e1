"""Training and export: the only part that imports torch."""
