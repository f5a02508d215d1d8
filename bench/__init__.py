"""Speed and memory, measured side by side: `python -m bench`. Not part of the engine; imports it."""
