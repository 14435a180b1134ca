"""What plans say: their files, what they must mean, and the tiers that they pay by."""
