"""How forms look: Tabler's classes, errors beside their fields, and labels that say what is optional."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Look(TemplatesSetting):
    """Forms from the hub's own templates."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
