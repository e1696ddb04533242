"""The hub: who is exposed, whose servers they are, who was told, who acted, what is shown clean.

Read `rules` first: plain Python that knows neither Django nor a database. The folders beside it are Django
apps, which keep what the rules decide about: `models` holds it, `services` write, `selectors` read, `views`
show, `api` speaks JSON. Nothing below the hub imports Django.
"""
