"""An analysed table as text: terminal, Markdown, CSV, JSON, LaTeX and one self-contained HTML page."""
