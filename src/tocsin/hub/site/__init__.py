"""How the hub runs: settings, addresses, start-up, the worker beside the server."""
