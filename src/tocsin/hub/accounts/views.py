"""A person's own page, and what the hub tells everybody about the data it keeps."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """What this person is here, and the ways to change password, passkeys and tokens."""
    return render(request, "accounts/account.html")


def data_protection(request: HttpRequest) -> HttpResponse:
    """Legal basis, retention and clocks, as the operator filled them in."""
    return render(request, "accounts/data_protection.html")
