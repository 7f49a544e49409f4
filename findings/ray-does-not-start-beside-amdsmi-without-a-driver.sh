#!/usr/bin/env bash
# Claim: where the package amdsmi is installed and AMD's driver library is not (a machine without an AMD GPU), importing
#   amdsmi raises KeyError instead of an ImportError, and `import ray` ends with it, for Ray asks amdsmi for AMD's GPUs.
#   Meters of energy (zeus-ml) bring amdsmi to every machine.
# Guess before: a missing driver means zero AMD GPUs; Ray starts.
# Versions: amdsmi==7.0.2, ray==2.60.0.
# Seen: "import amdsmi" raises KeyError; "import ray" raises KeyError; without amdsmi Ray is imported and starts.
set -euo pipefail
if ldconfig -p | grep -q libamd_smi; then echo "this machine has AMD's library: nothing to see here"; exit 1; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet ray==2.60.0 amdsmi==7.0.2
cd "$folder"
cat > start.py <<'PY'
try:
    import ray

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="error")
    print("started")
except Exception as error:
    print(type(error).__name__)
PY
"$folder/env/bin/python" -c "
try:
    import amdsmi
except ImportError:
    print('ImportError')
except KeyError as error:
    print('KeyError')
" 2> /dev/null | tail -n 1 | tee imported
"$folder/env/bin/python" start.py 2> /dev/null | tail -n 1 | tee beside
"$folder/env/bin/pip" uninstall --quiet --yes amdsmi
"$folder/env/bin/python" start.py 2> /dev/null | tail -n 1 | tee without
test "$(cat imported)" = KeyError
test "$(cat beside)" = KeyError
test "$(cat without)" = started
echo "as claimed"
