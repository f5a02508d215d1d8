"""Takes events from the webhook queue and delivers them, signed, to where their owner wants them."""
