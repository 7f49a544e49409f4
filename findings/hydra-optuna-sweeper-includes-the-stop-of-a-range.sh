#!/usr/bin/env bash
# Claim: range(1,4) on Hydra's command line is 1, 2, 3, as in Python, for its own sweeper (and its plugin for
#   Nevergrad). Its plugin for Optuna passes start and stop on to a distribution of Optuna, which includes its upper
#   end: 4 is tried, too, and range(0,1,0.25) has 1.0, a dropout with which no network learns. shuffle(range(1,4)),
#   which is to change the order alone, is 1, 2, 3 in the plugin again. Hydra documents stop as exclusive; the plugin's
#   page has a range without a word on its end. A grid and a search by the same line of overrides have other spaces.
# Guess before: a line of overrides means the same values whatever searches them.
# Versions: hydra-core==1.3.8, hydra-optuna-sweeper==1.3.0, optuna==2.10.1.
# Seen: range(1,4): Hydra 1, 2, 3, Optuna 1, 2, 3, 4; range(0,1,0.25): 0 to 0.75 and 0 to 1.0; shuffle(range(1,4)): 1,
#   2, 3 by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet hydra-core==1.3.8 hydra-optuna-sweeper==1.3.0 optuna==2.10.1
cd "$folder"
cat > train.py <<'PY'
import hydra


@hydra.main(version_base=None, config_name=None)
def main(config):
    with open("/proc/self/cwd/values", "a") as file:
        print(config.x, file=file)
    return float(config.x)


main()
PY
values() {
    rm -f values
    env/bin/python -W ignore train.py --multirun "$@" > log 2>&1 || { cat log; exit 1; }
    sort -gu values | tr '\n' ' '
}
optuna=(hydra/sweeper=optuna hydra/sweeper/sampler=random hydra.sweeper.sampler.seed=0 hydra.sweeper.n_trials=40)
for range in "range(1,4)" "range(0,1,0.25)" "shuffle(range(1,4))"; do
    echo "$range: Hydra $(values "+x=$range")- Optuna $(values "${optuna[@]}" "+x=$range")"
done
test "$(values "+x=range(1,4)")" = "1 2 3 "
test "$(values "${optuna[@]}" "+x=range(1,4)")" = "1 2 3 4 "
test "$(values "+x=range(0,1,0.25)")" = "0.0 0.25 0.5 0.75 "
test "$(values "${optuna[@]}" "+x=range(0,1,0.25)")" = "0.0 0.25 0.5 0.75 1.0 "
test "$(values "${optuna[@]}" "+x=shuffle(range(1,4))")" = "1 2 3 "
echo "as claimed"
