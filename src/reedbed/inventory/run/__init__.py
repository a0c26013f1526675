"""A run of a connection: started, listed, read, brought in, closed. May be broken off at any moment."""
