#!/usr/bin/env bash
# Snakemake 9.27.1: `--config n=5` is refused, since "n" is said to be no valid identifier; `--config nn=5` works.
#
# The pattern for a key asks for a letter or underscore and at least one more character, so every key of one
# letter is refused on the command line, N and k included. The same key in a --configfile, or as a resource
# (--resources g=5), is taken. The message names neither the key nor the reason.
#
# Seen:
#   --config n=5: refused: Invalid config definition: Config entry must start with a valid identifier.
#   --config nn=5: config is {nn: 5}
#   --configfile with n: 5: config is {n: 5}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet snakemake==9.27.1
export XDG_CACHE_HOME="$work/cache"
cd "$work"

cat > Snakefile <<'SNAKEFILE'
rule all:
    shell: "echo config is {config}"
SNAKEFILE
echo "n: 5" > file.yaml

one() {  # what Snakemake does with these arguments, in one line
    "$work/venv/bin/snakemake" all --cores 1 "$@" > log 2>&1 && status=0 || status=$?
    if [ "$status" = 0 ]; then grep -h '^config is' log; else echo "refused: $(grep -o 'Invalid config.*' log)"; fi
}
short=$(one --config n=5)
long=$(one --config nn=5)
file=$(one --configfile file.yaml)
printf '%s\n' "--config n=5: $short" "--config nn=5: $long" "--configfile with n: 5: $file"
[[ $short == refused:*"valid identifier"* && $long == "config is {nn: 5}" && $file == "config is {n: 5}" ]]
