"""What a run costs: time, energy and processor seconds, who else used the machine, and estimates from finished runs."""
