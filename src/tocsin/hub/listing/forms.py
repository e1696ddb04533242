"""The form that saves a view."""

from __future__ import annotations

from django import forms


class SaveView(forms.Form):
    """A name for the list as it stands."""

    name = forms.CharField(max_length=100)
    page = forms.CharField(max_length=50)
    query = forms.CharField(max_length=1000, required=False)
    back = forms.CharField(max_length=500)
    shared = forms.BooleanField(required=False)
