#!/usr/bin/env bash
# Claim: DatetimeEncoder and TableVectorizer of skrub turn times and numbers into single precision. The seconds since
#   1970 (total_seconds, on by default, the one feature that orders times) then have steps of 128 s, and with the
#   default resolution "hour" nothing else tells minutes apart: rows of the same two minutes are one and the same
#   input. TableVectorizer rounds plain numeric columns as well: identifiers above 16.7 million become their
#   neighbour's, and times in milliseconds have steps of more than two minutes.
# Guess before: an encoder of times keeps their order, to the second at least where resolution="second", and a numeric
#   column passes TableVectorizer as it is ("numeric: passthrough").
# Versions: skrub==0.11.0, scikit-learn==1.9.1, pandas==3.0.6, numpy==2.3.5.
# Seen: 61 times in steps of 10 s: 6 values of total_seconds, 128 s apart, 6 different rows by DatetimeEncoder() in
#   place of 61; 61 consecutive identifiers from 2^24 on: 31 left; times in milliseconds, 10 s apart: 5 left.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet skrub==0.11.0 scikit-learn==1.9.1 pandas==3.0.6 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np
import pandas as pd
from skrub import DatetimeEncoder, TableVectorizer

times = pd.Series(pd.date_range("2026-03-01 12:00", periods=61, freq="10s"), name="time")
milliseconds = pd.to_datetime(times).to_numpy("datetime64[ms]").astype("int64")
table = pd.DataFrame({"identifier": np.arange(2**24, 2**24 + 61), "milliseconds": milliseconds})
assert all(len(column.unique()) == 61 for column in (times, table["identifier"], table["milliseconds"]))

seconds = DatetimeEncoder(resolution="second").fit_transform(times)["time_total_seconds"].astype(float)
steps = set(np.diff(np.unique(seconds)))
rows = len(DatetimeEncoder().fit_transform(times).drop_duplicates())
left = TableVectorizer().fit_transform(table).nunique().to_dict()
print("values of total_seconds:", seconds.nunique(), "steps:", steps, "different rows by default:", rows, "left:", left)
assert seconds.nunique() == 6 and steps == {128.0} and rows == 6
assert left == {"identifier": 31, "milliseconds": 5}, left
PY
echo "as claimed"
