"""Reedbed: what is known to be malicious is blocked before anyone downloads it."""
