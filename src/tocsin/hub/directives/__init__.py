"""Orders with deadlines, and what each organisation has proven, claimed or not answered."""
