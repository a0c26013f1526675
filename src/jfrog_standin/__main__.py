"""The entry point of `jfrog-standin`."""

from jfrog_standin.cli import app


def main() -> None:
    app()


if __name__ == "__main__":
    main()
