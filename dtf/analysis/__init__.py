"""Judgements about runs that are over or under way; pure."""
