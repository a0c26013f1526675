"""The Artifactory of the stand-in: repositories, items, AQL, and the npm, PyPI and Go endpoints."""
