"""Loads: a day is staged, checked and published as a whole; months leave, their sums stay."""
