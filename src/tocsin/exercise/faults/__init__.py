"""One module for each way in which logging or collection goes wrong."""
