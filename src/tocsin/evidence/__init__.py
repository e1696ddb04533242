"""Open what was collected from one server as one read-only tree of files, and read what files have in common.

- Opening: ``opening`` is the door; ``folder``, ``archive``, ``containers`` and ``shelf`` list files;
  ``packed`` (``gzipped``, ``zstd_file``) and ``inflating`` unpack them; ``entries`` and ``giving`` hand
  them out, ``measured`` and ``limits`` count and bound every byte, ``custody`` and ``manifest`` tell the
  evidence's own history.
- One file: ``source``, its place (``layout``, ``globs``, ``web_roots``, ``server_pages``) and its text
  (``lines``, ``heads``, ``line_items``, ``text_blocks``).
- Rows: ``delimited`` and ``shapes`` for any, ``w3c`` and ``web_rows`` for web servers, ``exchange_logs``,
  ``proxy_rows`` and ``event_data`` for Exchange; ``exported_rows``, ``printed_objects``, ``quoted_tables``
  and ``json_objects`` for what other programs made of them.
- Events of Windows: ``events``, from ``evtx_chunks``, ``event_elements``, ``event_quick``, ``event_objects``.
- Traces that stand in several formats: ``vdir_lists`` with ``stamp_pairs``, ``versions``.
"""
