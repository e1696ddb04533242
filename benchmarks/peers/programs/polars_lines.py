"""``polars_lines.py LITERALS FOLDER``: count the lines below a folder that hold a literal, with polars."""

from __future__ import annotations

import re
import sys
from pathlib import Path

# It lives in the contender's own environment.
import polars as pl  # type: ignore[import-not-found,unused-ignore]  # pyright: ignore[reportMissingImports]


def main() -> None:
    """Print the count."""
    texts = Path(sys.argv[1]).read_text("utf-8").splitlines()
    files = [path for path in Path(sys.argv[2]).rglob("*") if path.is_file()]
    lines = pl.scan_csv(
        files,
        separator="\x01",
        quote_char=None,
        has_header=False,
        schema={"line": pl.String},
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    )
    holds = pl.col("line").str.contains("(?i-u)" + "|".join(map(re.escape, texts)))
    print(lines.filter(holds).select(pl.len()).collect().item())


if __name__ == "__main__":
    main()
