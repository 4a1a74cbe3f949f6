"""Launches, calls, crashes, kills, edits and wrong clocks in any order, on the real journal: four truths hold."""
