"""``duckdb_lines.py LITERALS FOLDER``: count the lines below a folder that hold a literal, with DuckDB."""

from __future__ import annotations

import re
import sys
from pathlib import Path

# It lives in the contender's own environment.
import duckdb  # type: ignore[import-not-found,unused-ignore]  # pyright: ignore[reportMissingImports]

LINES = (
    "read_csv(?, delim='\x01', quote='', escape='', header=false, auto_detect=false, "
    "columns={'line': 'VARCHAR'}, strict_mode=false, null_padding=true)"
)


def main() -> None:
    """Print the count."""
    texts = Path(sys.argv[1]).read_text("utf-8").splitlines()
    files = [str(path) for path in Path(sys.argv[2]).rglob("*") if path.is_file()]
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    question = f"select count(*) from {LINES} where regexp_matches(line, ?, 'i')"  # noqa: S608 - nothing from outside
    print(connection.execute(question, [files, "|".join(map(re.escape, texts))]).fetchall()[0][0])


if __name__ == "__main__":
    main()
