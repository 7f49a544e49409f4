"""What a person sees while runs train: plain lines for pipes and logs, a live view for terminals. Imports no torch."""
