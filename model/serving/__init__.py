"""The parts of the model server; they come together in model.serving.app."""
