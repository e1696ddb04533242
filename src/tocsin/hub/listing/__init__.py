"""Lists of everything: columns, filters and orders said once; pages by keyset; export; saved views.

A list is a value (`lists.Listing`). `views.show` turns one into a page, a fragment for htmx, or a file:

    SERVERS = Listing(key="servers", title="Servers", noun="servers", orders=(...), columns=(...),
    filters=(...))

    def servers(request):
        return show(request, SERVERS, rows=selectors.visible_to(request.user))

Only orders with an index are offered, and nothing counts a million rows while somebody waits.
"""
