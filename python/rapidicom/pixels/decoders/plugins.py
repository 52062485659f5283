"""What programs ask pydicom's plugins, of which there are none here: the decoders are built in."""

from __future__ import annotations

from collections.abc import Callable

from rapidicom._common.transfer_syntaxes import transfer_syntaxes

__all__ = ["built_in"]


def built_in(*uids: str) -> tuple[dict[str, tuple[str, ...]], Callable[[str], bool]]:
    """Return what a module of a plugin has.

    Args:
        uids: The Transfer Syntaxes that the plugin takes.

    Returns:
        The packages that each of them needs, none, and the function that says whether one of them
        is decoded.
    """
    decoded = {row.uid for row in transfer_syntaxes() if row.why_not is None}
    dependencies: dict[str, tuple[str, ...]] = {uid: () for uid in uids if uid in decoded}

    def is_available(uid: str) -> bool:
        """Return whether pixels of a Transfer Syntax are decoded, of those that the plugin takes.

        Args:
            uid: Its UID.
        """
        return uid in dependencies

    return dependencies, is_available
