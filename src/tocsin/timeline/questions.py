"""Questions that a timeline answers, to start from: shown by ``tocsin query --help`` and by the how-to."""

from __future__ import annotations

QUESTIONS: tuple[tuple[str, str], ...] = (
    (
        "Rare server pages that answered 200",
        (
            "SELECT url, count(*) AS hits, count(DISTINCT client) AS clients, min(time) AS first "
            "FROM timeline WHERE status = 200 AND url ILIKE '%.asp%' "
            "GROUP BY url HAVING hits < 20 ORDER BY first"
        ),
    ),
    (
        "Paths first asked for after a date",
        (
            "SELECT url, min(time) AS first, count(*) AS hits FROM timeline WHERE url IS NOT NULL "
            "GROUP BY url HAVING first >= '2021-02-27' ORDER BY first"
        ),
    ),
    (
        "Who asked for what, and what worked",
        (
            "SELECT client, url, count(*) AS hits, count(*) FILTER (status = 200) AS answered, "
            "min(time) AS first FROM timeline WHERE client IS NOT NULL "
            "GROUP BY client, url ORDER BY hits DESC LIMIT 50"
        ),
    ),
    (
        "All that one address did, in order",
        "SELECT time, message, query, path, line FROM timeline WHERE client = '203.0.113.77' ORDER BY time",
    ),
    (
        "Requests that named a server as their mailbox, with a field that is no column",
        (
            "SELECT time, client, url, status, anchor, fields->>'RoutingHint' AS hint FROM timeline "
            "WHERE kind = 'exchange.httpproxy' AND anchor LIKE 'ServerInfo~%' ORDER BY time"
        ),
    ),
    (
        "What the findings point at, if --findings was given",
        "SELECT time, means, rules, message, path, line FROM timeline WHERE means IS NOT NULL ORDER BY time",
    ),
)
"""What it asks, and the SQL."""
