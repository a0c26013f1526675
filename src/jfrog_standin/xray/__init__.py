"""Xray: custom issues, policies, watches, indexing, and the downloads that they block together."""
