"""The caches that package clients keep on this machine: what is in them, and taking single releases out.

npm is asked and told through npm itself, which can drop one entry. pip, uv and go can't, or only all
releases of a package at once: of theirs exactly the files of one release are deleted, and nothing around.
"""
