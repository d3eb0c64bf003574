#!/usr/bin/env bash
# Snakemake 9.27.1: the more jobs have finished, the more often its scheduler runs while nothing can be started.
#
# One job sleeps on the only core, others are ready behind it. A good guess is that the scheduler then waits for
# the end of the job, or looks once in each timespan of --max-jobs-per-timespan (a second by default). But each
# pass with ready jobs sets a timer for one more pass, and each finished job causes a pass of its own: every
# finished job starts a chain of passes, one in each timespan, that lasts as long as jobs are waiting.
# In each of them jobs are chosen, so that Snakemake's own process takes more and more of the machine.
#
# Counted here are passes (lines "Ready jobs" of --verbose) while the same job sleeps.
#
# Seen:
#   passes while one job sleeps: 29 after 2 finished jobs, 208 after 20
# (The counts differ by a few from run to run; asserted is that the second is more than three times the first.)
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
    input: "slept", expand("behind/{n}", n=range(5))

rule before:
    output: touch("before/{n}")
    priority: 2

rule sleeper:
    input: expand("before/{n}", n=range(config["before"]))
    output: touch("slept")
    priority: 1
    shell: "sleep 10"

rule behind:
    output: touch("behind/{n}")
SNAKEFILE

passes() {  # of the scheduler while the job sleeps, after $1 finished jobs
    rm -rf .snakemake before behind slept
    "$work/venv/bin/snakemake" all --cores 1 --verbose --config "before=$1" > ../log 2>&1
    awk '/^(local)?rule sleeper:/ { asleep = 1 } /^Finished jobid.*sleeper/ { asleep = 0 }
         asleep && /Ready jobs/ { count++ } END { print count + 0 }' ../log
}
few=$(passes 2)
many=$(passes 20)
echo "passes while one job sleeps: $few after 2 finished jobs, $many after 20"
[ "$few" -gt 0 ] && [ "$many" -gt $((3 * few)) ]
