"""`reedbed demo`: the only part of Reedbed that knows the stand-in."""
