"""Calibration constants of a bundle, fitted on items that no network was trained on."""
