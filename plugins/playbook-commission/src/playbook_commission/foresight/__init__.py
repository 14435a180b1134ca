"""What would be: open deals, one more deal, the next tier, another plan."""
