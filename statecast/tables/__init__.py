"""The one reader of tables: files, bodies and frames as series, with a word on how they were read. Needs pyarrow."""
