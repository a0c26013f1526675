"""Registries: kept, tested, changed."""
