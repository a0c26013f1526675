"""Makes the live parts from the settings, once, and hands them down."""
