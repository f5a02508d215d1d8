"""What the commands of training share. The commands themselves are the modules of `training`."""
