#!/usr/bin/env bash
# Snakemake 9.27.1: a run that succeeds can leave a missing target unmade, if the target's input is ancient()
# and the rule that makes this input has changed.
#
# `all` asks for "model", which does not exist. It needs ancient("data"), which exists, and the param of the
# rule that makes "data" is another than before. A good guess: both rules run, or, as ancient() says that the
# age of "data" does not matter, only the one that makes "model". What happens: only "data" is made anew,
# "1 of 1 steps (100%) done", exit status 0, and there is no "model". The next run makes it.
# Jobs that depend on a job which has to run are not asked whether they have reasons of their own, a missing
# output among them, since they would be reached anyway; but an ancient() input then stops the search.
# Where "model" also has an input from the same rule that is not ancient, it is made in the first run.
# Related: snakemake issue 4166, in which an outdated output is taken as up to date.
#
# Seen:
#   run 1 after the change: exit status 0, rules run: data, model is missing
#   run 2, nothing changed: exit status 0, rules run: model all, model is there
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet snakemake==9.27.1
export XDG_CACHE_HOME="$work/cache"
mkdir "$work/flow"
cd "$work/flow"

cat > Snakefile <<'SNAKEFILE'
rule all:
    input: "model"

rule model:
    input: ancient("data")
    output: "model"
    shell: "cp {input} {output}"

rule data:
    output: "data"
    params: images=config["images"]
    shell: "echo {params.images} images > {output}"
SNAKEFILE

run() {
    "$work/venv/bin/snakemake" all --cores 1 --config "images=$1" > ../log 2>&1 && status=0 || status=$?
    rules=$(sed -n 's/^\(local\)\?rule \(.*\):$/\2/p' ../log | paste -sd ' ')
    echo "exit status $status, rules run: $rules, model is $([ -e model ] && echo there || echo missing)"
}
run 100 > ../first
rm model
one=$(run 200)
echo "run 1 after the change: $one"
two=$(run 200)
echo "run 2, nothing changed: $two"
grep -q 'model is there' ../first
[[ $one == "exit status 0, rules run: data, model is missing" ]]
[[ $two == "exit status 0, rules run: model all, model is there" ]]
