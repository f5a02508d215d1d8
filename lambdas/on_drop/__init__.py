"""Takes in objects that were put into the drop folder."""
