"""The deep linear network: recursion, Hessian spectrum, minima, stability."""
