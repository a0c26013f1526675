"""The flows on their schedule, over any number of processes. Only `engine` knows the engine."""
