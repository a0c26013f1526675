"""A small JFrog Platform on loopback, for tests, demonstrations and benchmarks."""
