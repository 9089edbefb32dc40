"""Search spaces, genotypes and the cost model, in plain Python and NumPy."""
