"""From files to arrays: tables, panels, splits, encodings, sequences."""
