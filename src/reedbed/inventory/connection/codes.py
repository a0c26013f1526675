"""The codes that only the connection test has; the others are in `jfrog/codes.py`."""

OWN = {
    "TLS_EXPIRES_SOON": "the certificate ends within 30 days",
    "TLS_CA_FILE": "the platform's CA file can't be used",
    "AUTH_ADMIN": "the token may far more than reading takes",
    "AUTH_NO_DETAIL": "what the token is for can't be read",
    "DATA_NO_REPOSITORIES": "the token sees no repository",
    "DATA_NO_IMAGES": "no image is there to read",
    "DATA_NOT_SCANNED": "Xray has nothing on the image that was read",
    "XRAY_ABSENT": "nothing answers as Xray",
    "XRAY_V1_ONLY": "Xray knows no versions that fix",
    "XRAY_NOT_INDEXED": "some repositories of images are not indexed by Xray",
    "CLOCK_SKEW": "the clocks here and there differ by more than a minute",
    "RETENTION_SHORT": "Xray forgets scans within 30 days",
}
