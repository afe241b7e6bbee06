"""The errors of httpcore2, as the SDKs know them."""

from __future__ import annotations

from typing import Any

import httpx2


class _AsHTTPX2:
    """httpcore2's errors as httpx2's of the same name, which every SDK knows."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        if kind is not None and kind.__module__ == "httpcore2":
            same = getattr(httpx2, kind.__name__, None)
            if same is not None:
                raise same(str(error)) from error


AS_HTTPX2 = _AsHTTPX2()
