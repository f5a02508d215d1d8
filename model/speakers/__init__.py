"""Speakers: who speaks when, found from the voices alone; nothing of a voice outlives its analysis."""
