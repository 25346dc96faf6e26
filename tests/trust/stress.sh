# One of stress-ng's stressors, which checks its own answers, for two seconds.
# NEEDS: stress-ng
# AS: nobody
if ! stress-ng --help | grep -q -- "--$1 N"; then
    echo "stress-ng $(stress-ng --version | sed 's/.*version \([0-9.]*\).*/\1/') has no stressor $1" >&2
    exit 77
fi
$TRACE stress-ng --seed 1 --verify --"$1" 1 --timeout 2s --metrics-brief >said 2>&1
status=$?
cat said >&2
awk -v name="$1" '/metrc:/ && $4 == name && $5 ~ /^[0-9]+$/ { print $9, "/s" }' said >figure
grep -c 'fail:' said
exit $status
