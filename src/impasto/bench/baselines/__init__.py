"""Other people's programs as they run them: beside the lab, the only place that imports torch."""
