"""Any order of launches, calls, crashes, kills, edits and wrong clocks, on the real journal; four truths always hold."""
