"""Tags that draw cases on the pages of other apps."""
