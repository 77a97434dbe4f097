"""The stochastic claims on fresh seeds: one module an experiment or a chapter; see `registry`."""
