"""The interactive figures of the book, one module each."""
