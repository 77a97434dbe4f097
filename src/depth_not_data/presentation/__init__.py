"""What the reader sees: figures, the ledger of claims, predictions, published values."""
