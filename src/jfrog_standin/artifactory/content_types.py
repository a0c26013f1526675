"""The MIME type that Artifactory tells from a file's name."""

_KINDS = {
    "json": "application/json",
    "tgz": "application/x-gzip",
    "gz": "application/x-gzip",
    "whl": "application/zip",
    "zip": "application/zip",
    "txt": "text/plain",
    "mod": "text/plain",
    "info": "application/json",
    "xml": "application/xml",
}


def content_type(name: str) -> str:
    return _KINDS.get(name.rpartition(".")[2].lower(), "application/octet-stream")
