#!/usr/bin/env bash
# The gate of action.yml: runs rustabi, annotates the run, and keeps the report.
# The environment says what to do, a variable for each input of the action; of the runner's files it
# writes GITHUB_OUTPUT and GITHUB_STEP_SUMMARY. It exits as rustabi does: 0, 1 or 2.
set -uo pipefail
set -f # what users write is not for the shell to expand

report=${RUSTABI_REPORT:-rustabi-report}
command=${RUSTABI_COMMAND:-diff}
declare -A names=([text]=report.txt [json]=report.json [md]=report.md [junit]=report.xml [github]=report.github)

fail() {
  echo "::error title=rustabi::$1"
  if [[ -n ${GITHUB_OUTPUT:-} ]]; then
    printf '%s\n' verdict=error exit-code=2 >>"$GITHUB_OUTPUT"
  fi
  exit 2
}

# lines NAME OPTION: the lines of a variable as arguments, each behind OPTION where one is given
lines() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line#"${line%%[![:space:]]*}"}
    line=${line%"${line##*[![:space:]]}"}
    [[ -n $line ]] || continue
    if [[ -n ${2:-} ]]; then arguments+=("$2=$line"); else arguments+=("$line"); fi
  done <<<"${!1:-}"
}

arguments=("$command")
case $command in
  diff)
    [[ -n ${RUSTABI_OLD:-} && -n ${RUSTABI_NEW:-} ]] || fail "the command diff needs the inputs old and new"
    lines RUSTABI_SYMBOLS --symbols
    ;;
  check)
    [[ -n ${RUSTABI_MODULES:-} && -n ${RUSTABI_KERNEL:-} ]] || fail "the command check needs the inputs modules and kernel"
    lines RUSTABI_KERNEL --kernel
    lines RUSTABI_BASELINE --baseline
    ;;
  *) fail "the input command is diff or check" ;;
esac
lines RUSTABI_RULES --rules
lines RUSTABI_FAIL_ON --fail-on
lines RUSTABI_ARGUMENTS
[[ $report != *$'\n'* ]] || fail "the input report is one folder"
mkdir -p "$report" || fail "the folder of the report cannot be made"
for format in ${RUSTABI_FORMATS:-text json md junit}; do
  [[ -n ${names[$format]:-} ]] || fail "the input formats knows text, json, md, junit and github"
  arguments+=(--format "$format:$report/${names[$format]}")
done
for name in "${names[@]}"; do # an earlier run's must not be taken for those of one that was killed
  rm -f "$report/$name" || fail "the folder of the report cannot be written to"
done
own=$(mktemp -d) || fail "no temporary folder can be made"
trap 'rm -rf "$own"' EXIT
arguments+=(--format "text:$own/log" --format "md:$own/summary")
if [[ ${RUSTABI_ANNOTATIONS:-true} == true ]]; then
  arguments+=(--format github)
fi
arguments+=(--)
if [[ $command == diff ]]; then
  arguments+=("$RUSTABI_OLD" "$RUSTABI_NEW")
else
  lines RUSTABI_MODULES
fi

rustabi "${arguments[@]}" 2>"$own/errors"
code=$?
if [[ $code -gt 2 ]]; then
  code=2
fi
if [[ ! -f $own/log ]]; then # it was killed, or did something else, as --help does: no verdict
  echo "::error title=rustabi::rustabi wrote no report: the log and the input arguments tell more"
  code=2
fi

# What comes out of a binary must not be taken for a command by the runner.
stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$stop"
cat "$own/errors"
if [[ -f $own/log ]]; then
  cat "$own/log"
fi
echo "::$stop::"

if [[ ${RUSTABI_SUMMARY:-true} == true && -f $own/summary && -n ${GITHUB_STEP_SUMMARY:-} ]]; then
  cat "$own/summary" >>"$GITHUB_STEP_SUMMARY"
fi
verdicts=(compatible incompatible error)
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  {
    echo "verdict=${verdicts[$code]}"
    echo "exit-code=$code"
    echo "report=$(cd "$report" && pwd)"
  } >>"$GITHUB_OUTPUT"
fi
exit "$code"
