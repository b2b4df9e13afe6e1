"""The quality bench: methods side by side on the same pictures, by several measures."""
