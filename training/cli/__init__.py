"""Options shared by the training commands. The commands are the modules of `training`."""
