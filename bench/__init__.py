"""Measurements. Each compares with a peer, or with what the machine can do at best, in the same run."""
