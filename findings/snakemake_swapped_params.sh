#!/usr/bin/env bash
# Snakemake 9.27.1: two params that swap their values count as unchanged, and the old result stays.
#
# A job runs again when its params change. But what is compared with the record of the last run is the set of
# the values, without the params' names: lr=0.1 and momentum=0.9 are the same as lr=0.9 and momentum=0.1.
# (A value that appears or vanishes is seen: so lr=0.5 makes the job run again.)
# One param that holds all of them as a dictionary, or as a text, is compared with its names.
#
# Seen:
#   first run, lr=0.1 momentum=0.9: trained with lr 0.1 momentum 0.9
#   second run, lr=0.9 momentum=0.1: trained with lr 0.1 momentum 0.9 (Nothing to be done)
#   the same as one dictionary: first lr 0.1 momentum 0.9, then lr 0.9 momentum 0.1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet snakemake==9.27.1
export XDG_CACHE_HOME="$work/cache"
mkdir "$work/flow"
cd "$work/flow"

cat > Snakefile <<'SNAKEFILE'
rule apart:
    output: "apart"
    params: lr=config["lr"], momentum=config["momentum"]
    shell: "echo lr {params.lr} momentum {params.momentum} > {output}"

rule together:
    output: "together"
    params: recipe={"lr": config["lr"], "momentum": config["momentum"]}
    shell: "echo lr {params.recipe[lr]} momentum {params.recipe[momentum]} > {output}"
SNAKEFILE

result() {  # of rule $1 after a run with these two values
    "$work/venv/bin/snakemake" "$1" --cores 1 --config "lr=$2" "momentum=$3" > ../log 2>&1
    cat "$1"
}
apart=$(result apart 0.1 0.9)
echo "first run, lr=0.1 momentum=0.9: trained with $apart"
swapped=$(result apart 0.9 0.1)
echo "second run, lr=0.9 momentum=0.1: trained with $swapped ($(grep -o 'Nothing to be done' ../log))"
first=$(result together 0.1 0.9)
second=$(result together 0.9 0.1)
echo "the same as one dictionary: first $first, then $second"
[[ $swapped == "$apart" && $apart == "lr 0.1 momentum 0.9" && $second == "lr 0.9 momentum 0.1" ]]
