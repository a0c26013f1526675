"""The command line: decode, call one flow or one query, show. One file a noun."""
