"""``report.html``: figures and tables in one file that opens offline."""
