#!/usr/bin/env bash
# Snakemake 9.27.1: params that swap their values count as unchanged, and so may a single changed one.
#
# A job runs again when its params change. But what is compared with the record of the last run is the set of
# the values, without the params' names: lr=0.1 and momentum=0.9 are the same as lr=0.9 and momentum=0.1, and
# where decay=0.1 becomes 0.9 beside them, the set has not changed either. The old result stays.
# (A value that appears in no other param is seen.)
# One param that holds all of them as a dictionary, or as a text, is compared with its names.
#
# Seen:
#   lr=0.1 momentum=0.9 decay=0.1: trained with lr 0.1 momentum 0.9 decay 0.1
#   lr=0.9 momentum=0.1 decay=0.1: trained with lr 0.1 momentum 0.9 decay 0.1 (Nothing to be done)
#   lr=0.1 momentum=0.9 decay=0.9: trained with lr 0.1 momentum 0.9 decay 0.1 (Nothing to be done)
#   as one dictionary, lr=0.1 momentum=0.9 decay=0.1: trained with lr 0.1 momentum 0.9 decay 0.1
#   as one dictionary, lr=0.1 momentum=0.9 decay=0.9: trained with lr 0.1 momentum 0.9 decay 0.9
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
    params: lr=config["lr"], momentum=config["momentum"], decay=config["decay"]
    shell: "echo lr {params.lr} momentum {params.momentum} decay {params.decay} > {output}"

rule together:
    output: "together"
    params: recipe={key: config[key] for key in ("lr", "momentum", "decay")}
    shell:
        "echo lr {params.recipe[lr]} momentum {params.recipe[momentum]} decay {params.recipe[decay]} > {output}"
SNAKEFILE

result() {  # of rule $1 after a run with these three values
    "$work/venv/bin/snakemake" "$1" --cores 1 --config "lr=$2" "momentum=$3" "decay=$4" > ../log 2>&1
    local note=""
    if grep -q 'Nothing to be done' ../log; then note=" (Nothing to be done)"; fi
    echo "lr=$2 momentum=$3 decay=$4: trained with $(cat "$1")$note"
}
first=$(result apart 0.1 0.9 0.1)
swapped=$(result apart 0.9 0.1 0.1)
changed=$(result apart 0.1 0.9 0.9)
named=$(result together 0.1 0.9 0.1)
seen=$(result together 0.1 0.9 0.9)
printf '%s\n' "$first" "$swapped" "$changed" "as one dictionary, $named" "as one dictionary, $seen"
old="trained with lr 0.1 momentum 0.9 decay 0.1"
[[ $first == *"$old" && $swapped == *"$old (Nothing to be done)" && $changed == *"$old (Nothing to be done)" ]]
[[ $seen == *"trained with lr 0.1 momentum 0.9 decay 0.9" ]]
