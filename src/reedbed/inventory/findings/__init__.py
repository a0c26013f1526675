"""Findings: what becomes of them, what people say of them, how urgent they are, what mends them."""
