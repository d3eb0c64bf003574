#!/usr/bin/env bash
# Snakemake 9.27.1: after a job with an update() output has failed, the next run says that all is up to date.
#
# An input has changed, so the job that adds it to its update("table") runs, and fails. Snakemake restores the
# table as it was before, which is documented. A good guess is that the job is still to be done: the table lacks
# the new input. But the restored copy carries the time of the restoring and so is newer than the input, and
# the record of the last good run is gone, so that nothing tells a change. The next run has nothing to do and
# ends with status 0, --summary calls the table "ok", and the new input never gets in.
# The same job with a plain output is run again.
#
# Seen:
#   update("table"): statuses 0 1 0, at last "Nothing to be done", table: old row
#   "table": statuses 0 1 1, at last "Error in rule grow", table: none
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet snakemake==9.27.1
export XDG_CACHE_HOME="$work/cache"

three_runs() {  # first with a good input, then with one that the job cannot read, then with the same again
    mkdir "$work/$1"
    cd "$work/$1"
    cat > Snakefile <<SNAKEFILE
rule grow:
    input: "new"
    output: $2
    shell: "grep row {input} >> {output}"
SNAKEFILE
    local statuses=""
    for text in "old row" unreadable unreadable; do
        if [ "$(cat new 2> /dev/null)" != "$text" ]; then echo "$text" > new; fi
        "$work/venv/bin/snakemake" grow --cores 1 > ../log 2>&1 && statuses+=" 0" || statuses+=" $?"
        sleep 1  # so that times of files differ on any file system
    done
    last=$(grep -o 'Nothing to be done\|Error in rule grow' ../log)
    echo "$2: statuses$statuses, at last \"$last\", table: $(cat table 2> /dev/null || echo none)"
}
updated=$(three_runs updated 'update("table")')
plain=$(three_runs plain '"table"')
printf '%s\n' "$updated" "$plain"
[[ $updated == *'statuses 0 1 0, at last "Nothing to be done", table: old row' ]]
[[ $plain == *'statuses 0 1 1, at last "Error in rule grow", table: none' ]]
