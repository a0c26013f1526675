"""Where findings and assets go: each file knows one format, or one way of sending.

A format is an async generator of bytes that draws from a `Source`, some rows at a time: memory does not grow
with the number of rows, and the same rows give the same bytes.
"""
