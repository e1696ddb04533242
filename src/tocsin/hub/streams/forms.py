"""What people fill in about receivers of events."""

from __future__ import annotations

import re

from django import forms

from tocsin.hub.campaigns.models import Campaign

WORD = re.compile(r"[a-z0-9-]{1,40}\Z")


class SubscriptionForm(forms.Form):
    """Where events are to go, and which."""

    name = forms.CharField(max_length=100, help_text="What it is for.")
    url = forms.CharField(label="Address", max_length=500, help_text="An https address.")
    kinds = forms.CharField(
        max_length=500, required=False, help_text="Such as: exposure compromise decision. Empty for all."
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.all(), to_field_name="key", required=False, empty_label="all"
    )

    def clean_kinds(self) -> list[str]:
        """Words."""
        words = str(self.cleaned_data["kinds"]).replace(",", " ").split()
        if not all(WORD.match(word) for word in words):
            raise forms.ValidationError("Kinds are words such as exposure.")
        return words

    def clean_campaign(self) -> str:
        """Its key, or nothing."""
        campaign = self.cleaned_data["campaign"]
        return campaign.key if campaign else ""
