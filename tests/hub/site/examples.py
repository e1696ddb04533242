"""The smallest example that a JSON Schema allows, so that every operation of the API can be called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any
BY_NAME: dict[str, Json] = {
    "campaign": "proxylogon",
    "scopes": ["tokens:write"],
    "mark": "verified",
    "url": "https://receiver.example/",
    "value": "203.0.113.9",
    "email": "somebody@contoso.example",
}
"""Values for properties and parameters of these names."""
IN_ADDRESSES = {
    "/api/campaigns/{key}": "proxylogon",
    "/api/directives/{key}": "ed-21-02",
    "/api/advisories/{slug}": "everybody",
}
"""Values in addresses that begin so, where they are no numbers: 1 is the number of every row."""
BY_FORMAT = {
    "date": "2021-03-03",
    "date-time": "2021-03-03T12:00:00Z",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "email": "somebody@contoso.example",
}


class Examples:
    """Examples out of one OpenAPI description."""

    def __init__(self, description: Mapping[str, Json]) -> None:
        """Hold it, for references."""
        self._description = description

    def of(self, schema: Mapping[str, Json], name: str = "") -> Json:
        """One value that the schema allows."""
        schema = self._resolved(schema)
        if BY_NAME.get(name) is not None:
            return BY_NAME[name]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, name)

    def address(self, path: str, named: str, schema: Mapping[str, Json]) -> str:
        """The address with one of its parts filled in."""
        begun = next((value for begins, value in IN_ADDRESSES.items() if path.startswith(begins)), None)
        return path.replace("{" + named + "}", str(begun or self.of(schema, named)))

    def _resolved(self, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        while "$ref" in schema or "anyOf" in schema or "allOf" in schema:
            if "$ref" in schema:
                found: Json = self._description
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                schema = found
            else:
                choices = schema.get("anyOf") or schema["allOf"]
                schema = next(one for one in choices if one.get("type") != "null")
        return schema

    def _of_type(self, schema: Mapping[str, Json], name: str) -> Json:
        kind = schema.get("type", "object")
        if kind == "object":
            needed = schema.get("required", [])
            return {key: self.of(schema["properties"][key], key) for key in needed}
        if kind == "array":
            return [self.of(schema.get("items", {}), name)] * max(1, schema.get("minItems", 0))
        if kind in {"integer", "number"}:
            return max(1, schema.get("minimum", 1))
        if kind == "boolean":
            return False
        return BY_FORMAT.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
