#!/usr/bin/env bash
# Fuzzes the reading and checking of lines, or of the upstream's answers, guided by coverage, for some seconds (300 by default):
#
#   tests/BatchFunctions.Fuzz/fuzz.sh [seconds] [lines|answers]
#
# Needs afl-fuzz (Debian and Ubuntu: apt-get install afl++). What it finds stands in bin/findings/default/crashes;
# `dotnet run --project tests/BatchFunctions.Fuzz -- <target> <file>` tries one of those files, and says where the two sides
# disagree. Ends with 1 when there are any.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-300}"
target="${2:-lines}"

command -v afl-fuzz > /dev/null || { echo "afl-fuzz is missing: apt-get install afl++" >&2; exit 2; }
dotnet tool restore > /dev/null
rm -rf bin/fuzz bin/findings
dotnet publish --configuration Release --output bin/fuzz --verbosity quiet
dotnet sharpfuzz bin/fuzz/BatchFunctions.Core.dll BatchFunctions.Lines
dotnet sharpfuzz bin/fuzz/BatchFunctions.dll BatchFunctions.Upstream

# The target is no native binary, and findings are exceptions: neither core files nor the governor matter.
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
afl-fuzz -V "$seconds" -i "Seeds/$target" -o bin/findings -x lines.dict -t 5000 -m none -- \
    dotnet bin/fuzz/BatchFunctions.Fuzz.dll "$target" > bin/fuzz.log || { tail -20 bin/fuzz.log >&2; exit 2; }

grep -E '^(execs_done|execs_per_sec|corpus_count|corpus_found|edges_found|bitmap_cvg|saved_crashes|saved_hangs)' \
    bin/findings/default/fuzzer_stats
grep -qE '^saved_crashes +: 0$' bin/findings/default/fuzzer_stats
