"""The words of the field as values: no input, no output, no clock."""
