"""The toy residual network: training, exact Hessian, what its eigenvectors do."""
