"""Spectra of any network: dense and iterative Hessian eigenvalues, gaps and edges."""
