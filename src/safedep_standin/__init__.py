"""A small SafeDep on loopback, written from its documentation: its feed, its older list, its login."""
