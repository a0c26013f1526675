"""`reedbed map …`: what becomes of landed records."""
