"""What a case may do: model and command in, events out. Pure: no I/O, no clock, no randomness."""
