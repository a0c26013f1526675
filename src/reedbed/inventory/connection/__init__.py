"""A connection: its profile, test, filters, schedule and states."""
