"""The API: `/api/openapi.json`, tokens in `Authorization: Bearer`, one shape of error.

Each app's module ``api`` holds a ``router`` (a `ninja.Router`), its prefix ``PREFIX`` and its ``TAGS``; this
mounts whichever stands there. Errors that any operation may answer are documented on all of them.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as Malformed
from ninja.openapi.schema import OpenAPISchema

from tocsin import __version__
from tocsin.errors import TocsinError
from tocsin.hub.api import observations
from tocsin.hub.lists.parts import modules

SAYS = {
    400: "The request makes no sense: `detail` says what, and what to do.",
    401: "No token, or a wrong, expired or revoked one.",
    403: "The token lacks the scope, or its person the role.",
    404: "There is no such thing, or this token's person does not see it.",
    409: "It is there already, or was decided before.",
    413: "Too big.",
    415: "Not a kind of content that this takes.",
    422: "A field is missing or of the wrong kind: `detail` says which.",
    429: "Too often; wait a minute.",
}
PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"description": "What is wrong: a sentence, or the list of wrong fields."}},
}


class Described(NinjaAPI):
    """An API whose description names, for every operation, the errors that it may answer."""

    def get_openapi_schema(self, *args: Any, **rest: Any) -> OpenAPISchema:
        """OpenAPI 3.1."""
        schema = super().get_openapi_schema(*args, **rest)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
        for path in schema["paths"].values():
            for operation in path.values():
                for status, says in SAYS.items():
                    operation["responses"].setdefault(status, _error(says))
        return schema


def _error(says: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": says, "content": {"application/json": {"schema": reference}}}


api = Described(
    title="Tocsin hub",
    version=__version__,
    description="Who is exposed, whose servers they are, who acted, and what is shown clean. Times are UTC, "
    "ISO 8601. Lists answer `items` and `next`, a cursor for the page after.",
    docs_url=None,
    urls_namespace="api",
)


@api.exception_handler(TocsinError)
def _ours(request: HttpRequest, error: TocsinError) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=400)


@api.exception_handler(BadRequest)
def _bad(request: HttpRequest, error: BadRequest) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=400)


@api.exception_handler(ValidationError)
def _django(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return api.create_response(request, {"detail": "; ".join(error.messages)}, status=400)


@api.exception_handler(Malformed)
def _malformed(request: HttpRequest, error: Malformed) -> HttpResponse:
    """Which fields, and why; what was sent is not sent back."""
    detail = [{"where": list(map(str, fault["loc"])), "why": fault["msg"]} for fault in error.errors]
    return api.create_response(request, {"detail": detail}, status=422)


@api.exception_handler(HttpError)
def _said(request: HttpRequest, error: HttpError) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=error.status_code)


def _mount() -> None:
    for module in modules("api"):
        app = module.__name__.split(".")[-2]
        api.add_router(getattr(module, "PREFIX", f"/{app}"), module.router, tags=[app])
    api.add_router("/observations", observations.router, tags=["census"])


_mount()
