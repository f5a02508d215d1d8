"""Options that the commands of training share. The commands are the modules of `training`."""
