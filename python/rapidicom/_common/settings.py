"""pydicom's settings, as far as they mean something here: none of them can be changed.

Behaviour is an argument here (`dcmread(force=, charset=)`), not a state of the process. Code that
sets a value that holds anyway, or only silences warnings, runs unchanged. Setting anything that
would change what is read raises, so that nobody mistakes one result for the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

from rapidicom._common.errors import UnsupportedError

__all__ = [
    "IGNORE",
    "RAISE",
    "WARN",
    "check_handlers",
    "debug",
    "disable_value_validation",
    "refuse_syntax",
    "settings",
]

IGNORE = 0
WARN = 1
RAISE = 2

# The behaviour here. Values are never checked against the limits of their VR; one that cannot be
# decoded is reported on access.
have_numpy = True
debugging = False
use_DS_decimal = False
use_DS_numpy = False
use_IS_numpy = False
allow_DS_float = False
enforce_valid_values = False
convert_wrong_length_to_UN = False
datetime_conversion = False
use_none_as_empty_text_VR_value = False
replace_un_with_known_vr = True
show_file_meta = True
assume_implicit_vr_switch = True
data_element_callback = None
INVALID_KEYWORD_BEHAVIOR = "WARN"
INVALID_KEY_BEHAVIOR = "WARN"

# Settings of pydicom's logging and plugins: they accept any value, and change nothing.
_WITHOUT_EFFECT = frozenset(
    (
        "allow_DS_float",
        "debugging",
        "image_handlers",
        "logger",
        "overlay_data_handlers",
        "pixel_data_handlers",
        "settings",
        "writing_validation_mode",
    )
)

pixel_data_handlers: list[Any] = []

# The list that a program has set in its place; empty if none has.
_CHOSEN_HANDLERS: list[list[Any]] = []


def check_handlers(syntax: Any) -> None:
    """Refuse what pydicom refuses: pixels that none of the handlers takes that a program has set.

    Args:
        syntax: The Transfer Syntax UID.

    Raises:
        UnsupportedError: There is no such handler.
    """
    for handlers in _CHOSEN_HANDLERS:
        if not any(handler.supports_transfer_syntax(syntax) for handler in handlers):
            refuse_syntax(syntax)


def refuse_syntax(syntax: Any) -> NoReturn:
    """Raise pydicom's error for pixels that no handler takes.

    Args:
        syntax: The Transfer Syntax UID.
    """
    raise UnsupportedError(
        f"Unable to decode pixel data with a transfer syntax UID of '{syntax}' ({syntax.name}) as "
        "there are no pixel data handlers available."
    )


def _refuse(name: str) -> None:
    raise UnsupportedError(
        f"the setting {name} cannot be changed here: "
        "ds.to_pydicom() gives pydicom's data set, which obeys it"
    )


class Settings:
    """pydicom's strictness; here no value is refused for breaking a rule."""

    infer_sq_for_un_vr = True

    def __init__(self) -> None:
        """Start with pydicom's defaults."""
        self.__dict__.update(_mode=WARN, writing_validation_mode=WARN)

    @property
    def reading_validation_mode(self) -> int:
        """`WARN` or `IGNORE`; neither makes a value warn."""
        mode: int = self.__dict__["_mode"]
        return mode

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "reading_validation_mode" and value in (WARN, IGNORE):
            self.__dict__["_mode"] = value
        elif name == "writing_validation_mode":
            self.__dict__[name] = value
        elif value != getattr(self, name, None):
            _refuse(f"settings.{name}")


settings = Settings()


def debug(debug_on: bool = True, default_handler: bool = True) -> None:
    """Set how much the logger `rapidicom` reports.

    Args:
        debug_on: Whether to report everything, not only warnings.
        default_handler: Whether to write the log to standard error.
    """
    import logging

    logger = logging.getLogger("rapidicom")
    if default_handler:
        logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.DEBUG if debug_on else logging.WARNING)


@contextmanager
def disable_value_validation() -> Iterator[None]:
    """Do nothing: values are not checked here anyway."""
    yield


class SettingsModule(ModuleType):
    """A module whose attributes are settings; it refuses those that would change what is read."""

    def __getattr__(self, name: str) -> Any:
        if name != "logger":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        # Made at the first look: the module takes a tenth as long to import as this package does.
        import logging

        return logging.getLogger("rapidicom")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), "logger"})

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "pixel_data_handlers":
            _CHOSEN_HANDLERS[:] = [] if value is pixel_data_handlers else [value]
        if name in _WITHOUT_EFFECT or name.startswith("__") or value == getattr(self, name, None):
            super().__setattr__(name, value)
        else:
            _refuse(name)
