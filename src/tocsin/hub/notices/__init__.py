"""Who is told what, by whom to reach them, in which order, and when again."""
