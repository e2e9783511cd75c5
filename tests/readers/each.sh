# Runs check.sh over tokens: one a line in, one JSON object a line out.
. ./check.sh
while read -r line; do
    if claims=$(check "$line"); then
        printf '{"claims":%s}\n' "$claims"
    else
        echo '{"refused":"no"}'
    fi
done
