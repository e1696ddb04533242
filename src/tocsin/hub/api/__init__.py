"""The hub for programs: one OpenAPI description over the routers of all apps."""
