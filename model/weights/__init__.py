"""Public weights: catalog, download, verification, and readers of their file formats."""
