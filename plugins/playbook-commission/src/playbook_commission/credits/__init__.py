"""Credits: what measures count, with whom it is credited, and what people are to reach."""
