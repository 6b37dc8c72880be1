"""Recordings of words become artifacts that write down strings of them: recordings, strings, fit, scores, report."""
