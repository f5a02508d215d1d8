"""The web app in a real browser, before a whole local product."""
