"""The samples of mistakes are no tests, though pytest would collect scenarios among them."""

collect_ignore_glob = ["*.scenario.yaml"]
