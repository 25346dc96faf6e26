# One of stress-ng's stressors, which checks its own answers, for two seconds.
# NEEDS: stress-ng
$TRACE stress-ng --seed 1 --verify --"$1" 1 --timeout 2s --metrics-brief >said 2>&1
status=$?
cat said >&2
awk -v name="$1" '/metrc:/ && $4 == name && $5 ~ /^[0-9]+$/ { print $9, "/s" }' said >figure
grep -c 'fail:' said
exit $status
