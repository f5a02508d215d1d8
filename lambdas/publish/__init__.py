"""Lambda that writes results to the drop folder and queues webhook events once analyses end."""
