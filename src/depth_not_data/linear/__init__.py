"""The deep linear network: recursion, Hessian spectrum, minima, stability.

One name, one thing: `target` is the target in the terms of the helper, the matrix Phi where the
weights are matrices, its singular values s where the layers are given by theirs; `part` is a part
of the Hessian, one of `HESSIAN_PARTS`; `task` is what stays as the inputs change.
"""
