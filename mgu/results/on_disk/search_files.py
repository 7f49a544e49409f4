"""Names of the files of searches in an experiment's folder.

runs/<experiment>/search/
    <strategy>-<space>-s<seed>-<identity>/    a study, see mgu/search/study.py
        study.yaml      what is searched, how, and for how much
        history.jsonl   what happened, see mgu/search/history.py
        .ended          how many trials history.jsonl tells of, by which it is seen where lines of it were lost
        confirmed.json  the best points, trained anew, see mgu/sweep/search/confirm.py
    replayed/<strategy>-<space>-<identity>.json    studies replayed from recorded runs, see mgu/report/searches/load.py
"""

from __future__ import annotations

SEARCH_FOLDER = "search"
STUDY_FILE = "study.yaml"
STUDY_HISTORY_FILE = "history.jsonl"
ENDED_FILE = ".ended"
CONFIRMED_FILE = "confirmed.json"
REPLAYED_FOLDER = "replayed"
