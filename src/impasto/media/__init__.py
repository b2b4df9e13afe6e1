"""Pictures in and out: the only place where colour order, depth and range change."""
