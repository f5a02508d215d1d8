"""Lambda that starts analyses of dropped objects and checks the objects that arrive as uploads."""
