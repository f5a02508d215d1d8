"""Lambda that runs every minute and repairs or removes what is due."""
