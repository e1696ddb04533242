r"""Where IIS and Exchange serve files from: a path on disk and the URL that reaches it.

Default layout of Exchange 2013 to Subscription Edition: the front end serves
``<Exchange>\FrontEnd\HttpProxy\<vdir>`` as ``/<vdir>`` on the Default Web Site, the back end
``<Exchange>\ClientAccess\<vdir>`` likewise on port 444; ``inetpub\wwwroot`` is ``/``.
"""

from __future__ import annotations

import re

_ROOTS = (
    re.compile(r"(?:^|/)frontend/httpproxy/(?P<url>.+)$"),
    re.compile(r"(?:^|/)clientaccess/(?P<url>.+)$"),
    re.compile(r"(?:^|/)inetpub/wwwroot/(?P<url>.+)$"),
    re.compile(r"(?:^|/)wwwroot/(?P<url>.+)$"),
    re.compile(r"(?:^|/)web server extensions/1[456]/template/(?P<url>layouts/.+)$"),
    re.compile(r"(?:^|/)(?P<url>aspnet_client/.+)$"),
)
_ROOT = re.compile(
    r"(?:^|.*/)(?:frontend/httpproxy|clientaccess|wwwroot|web server extensions/1[456]/template/layouts|"
    r"aspnet_client(?=/))",
    re.IGNORECASE,
)


def url_of(path: str) -> str | None:
    r"""Give the lower-case URL path under which IIS serves a file, or None outside known web roots.

    >>> url_of(r"C:\inetpub\wwwroot\aspnet_client\x.aspx")
    '/aspnet_client/x.aspx'
    >>> url_of(r"\\127.0.0.1\C$\Program Files\Exchange\V15\FrontEnd\HttpProxy\owa\auth\a.aspx")
    '/owa/auth/a.aspx'
    >>> url_of("C:/Users/a.aspx") is None
    True
    """
    plain = re.sub(r"/+", "/", path.replace("\\", "/").lower())
    for root in _ROOTS:
        found = root.search(plain)
        if found:
            url = found["url"]
            return "/_" + url if url.startswith("layouts/") else "/" + url
    return None


def web_root_of(path: str) -> str | None:
    """Give the part of a path up to and with the web root, or None.

    >>> web_root_of("C/inetpub/wwwroot/aspnet_client/x.aspx")
    'C/inetpub/wwwroot'
    """
    found = _ROOT.match(path.replace("\\", "/"))
    if found is None:
        return None
    root = found[0]
    outer = _ROOT.match(root.rpartition("/")[0] + "/") if root.lower().endswith("aspnet_client") else None
    return (outer or found)[0]
