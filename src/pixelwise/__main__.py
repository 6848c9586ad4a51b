"""`pixelwise` and `python -m pixelwise`: the command line inside its net."""

from pixelwise import net


def _command() -> int:
    from pixelwise.cli import command

    return command()


def main() -> None:
    """Run the command line; nothing is imported before the net is there."""
    net.run(_command)


if __name__ == "__main__":
    main()
