"""The command lines of npm, pip and go: this folder alone knows them."""
