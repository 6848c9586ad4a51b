"""Tables and progress on the terminal, drawn by `rich`, under the rules of `screen`."""

from __future__ import annotations

from typing import Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.markup import escape
from rich.segment import Segment

from pixelwise.terminal.screen import errors, lines, plain


def cell(value: object) -> str:
    """A value for a cell of a table or a line with styles: `plain`, and not read as a style."""
    return escape(plain(str(value)))


class _Plain:
    """A renderable, drawn without anything in its text that a terminal would obey."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.inner, options):
            yield Segment(text if control else lines(text), style, control)


class _Hook(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Plain(renderable) for renderable in renderables]


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        raise  # the error itself: `rich` would end the process without a word


def terminal(*, stderr: bool = False, **options: Any) -> Console:
    """A console of `rich` on standard output, or on standard error past whatever holds libraries back from it."""
    made = _Terminal(**{"file": errors() if stderr else None, "stderr": stderr} | options)
    made.push_render_hook(_Hook())
    return made
