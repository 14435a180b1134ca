"""What is kept: settled statements and what became of them, adjustments, disputes, pay runs."""
