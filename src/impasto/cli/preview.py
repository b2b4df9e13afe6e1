"""A window that shows a painting while it is made."""

from typing import Any, Self

import PIL.Image

from impasto.core.arrays import RGB
from impasto.core.errors import EngineError
from impasto.core.files import reason


class Preview:
    """A window of the system's own toolkit; use it in a `with` block, in the main thread.

    Raises:
        EngineError: there is no display, or Python has no tkinter.
    """

    def __init__(self, title: str = "impasto") -> None:
        self.is_open = True
        try:
            import tkinter

            from PIL import ImageTk

            self._window: Any = tkinter.Tk()
        except Exception as error:  # tkinter's own, which cannot be named where it is not there
            raise EngineError(_no_window(error)) from error
        self._photo_of = ImageTk.PhotoImage
        self._window.title(title)
        self._window.protocol("WM_DELETE_WINDOW", self.close)
        self._label: Any = tkinter.Label(self._window)
        self._label.pack()
        self._photo: Any = None

    def show(self, pixels: RGB, title: str | None = None) -> None:
        """Show a picture; nothing when the window was closed."""
        if not self.is_open:
            return
        self._photo = self._photo_of(PIL.Image.fromarray(pixels), master=self._window)
        self._label.configure(image=self._photo)
        if title:
            self._window.title(title)
        self._window.update()

    def close(self) -> None:
        """Close the window; the person in front of it may have done so."""
        if self.is_open:
            self.is_open = False
            self._window.destroy()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _no_window(error: Exception) -> str:
    return f"--preview needs a display and tkinter: {reason(error)}"
