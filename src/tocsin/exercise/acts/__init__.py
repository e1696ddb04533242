"""One module for each script: what somebody does to the server, as traces (see ``acts/scene.py``)."""
