"""The routes, by what they are about. Each router's routes are listed in the reference under its tag."""
