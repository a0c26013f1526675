"""All that is known of a JFrog Platform: its paths, words, status codes, shapes and oddities."""
