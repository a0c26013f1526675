"""The streams that somebody opts into: each has its own state and error, and closes nothing of others."""
