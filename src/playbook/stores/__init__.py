"""The Store interface and the two stores built in."""
