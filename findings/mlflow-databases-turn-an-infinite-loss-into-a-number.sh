#!/usr/bin/env bash
# Claim: MLflow's database stores keep an infinite metric as +-1.7976931348623157e308, the largest finite number, while
#   nan is kept as nan. A run that diverged reads back as a finite loss: isinf finds none, a mean over runs is 1e307 in
#   place of inf, and a chart's axis reaches to 1e308. The user is told nothing.
# Guess before: inf comes back as inf, as nan comes back as nan, or is refused.
# Versions: mlflow-skinny==3.17.2, sqlalchemy==2.1.9, alembic==1.20.1.
# Seen: logged inf, -inf, nan; read back 1.7976931348623157e+308, -1.7976931348623157e+308, nan.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1 pandas==3.1.1
cd "$folder"
"$folder/env/bin/python" - 2> /dev/null <<'PY'
import math

from mlflow import MlflowClient

client = MlflowClient("sqlite:///runs.db")
run = client.create_run(client.create_experiment("diverging")).info.run_id
logged = {"up": math.inf, "down": -math.inf, "lost": math.nan}
for name, value in logged.items():
    client.log_metric(run, name, value)
found = client.get_run(run).data.metrics
print(found)
assert found["up"] == 1.7976931348623157e308 and not math.isinf(found["up"])
assert found["down"] == -1.7976931348623157e308
assert math.isnan(found["lost"])
PY
echo "as claimed"
