"""Flow 3: projects resolved through Artifactory, and their fixes."""
