"""The one exception that a user sees."""


class PixelwiseError(Exception):
    """A mistake in a file, a setting or the environment; its message is one line.

    The message names the file, the value found and what is allowed. The command line prints it and exits with status 2.
    """
