"""Browser tests of the web app against a local deployment of the product."""
