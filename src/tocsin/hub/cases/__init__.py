"""One case for each web shell or compromise, from found to verified removed."""
