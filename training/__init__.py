"""Training, calibration, fusion and evaluation of bundles. The commands are the modules of this package."""
