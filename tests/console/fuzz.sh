#!/bin/sh
# Keys at random, on a live console and on a recording: no crash, nothing for the
# sanitizers to say, and both still leave in order. FUZZ_SECONDS lengthens it,
# FUZZ_SEED chooses another stream.
set -u
. "$SRCDIR/tests/console/lib.sh"
console_begin pair
filler orders 20000
migration extra orders <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = id * 3
[batch]
rows = 50
min = 50
max = 50
pause = 400ms
INI
seconds=${FUZZ_SECONDS:-30}
seed=${FUZZ_SEED:-1123}
diag "seed $seed, $seconds s"
detached extra --yes --until backfill
ok 'an engine is at work' test -n "$engine" || show extra

number() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    number=$((seed / 65536 % $1))
}
# one key, named as tmux does; the text that questions want is among them
random_key() {
    number 62
    key=$(echo "$number" | awk '{
        n = split("1 2 3 4 5 6 7 8 9 ? / Escape Enter Up Down Left Right Home End PageUp PageDown " \
            "Tab BTab F1 C-l k j h l n Space + - b a L t R C T m [ ] < > g BSpace C-u extra " \
            "5 0 x é 漢 DC IC F5 C-_ y N Enter Escape", all, " ")
        print all[$1 % n + 1] }')
}
burst=
# a burst of keys in one go: faster than an answer can come
random_burst() {
    burst=
    while [ "$(echo "$burst" | wc -w)" -lt 12 ]; do
        random_key
        burst="$burst $key"
    done
}

# a click or the wheel somewhere, or something that only begins like one; not on the bottom line,
# where words leave
random_mouse() {
    number 6
    fuzz_button=$(echo '0 0 64 65 2 67' | cut -d' ' -f$((number + 1)))
    number 90
    fuzz_x=$((number + 1))
    number 20
    type_text "$(printf '\033[<%s;%s;%sM' "$fuzz_button" "$fuzz_x" $((number + 1)))"
    number 4
    [ "$number" -ne 0 ] || type_text "$(printf '\033[<%s' "$fuzz_x")"
}

# storm TITLE SECONDS: keys to $console, which must be alive afterwards
storm() {
    fuzz_until=$(($(date +%s) + $2))
    fuzz_keys=0
    while [ "$(date +%s)" -lt "$fuzz_until" ]; do
        random_burst
        # shellcheck disable=SC2086 # words are keys
        keys $burst
        fuzz_keys=$((fuzz_keys + 12))
        random_mouse
        number 9
        [ "$number" -ne 0 ] || {
            number 150
            fuzz_w=$((number + 10))
            number 50
            console_resize "$fuzz_w" $((number + 3))
        }
        [ ! -s "$console_exit" ] || break
        sleep 0.05
    done
    console_resize 80 24
    ok "$1: alive after $fuzz_keys keys" test ! -s "$console_exit" ||
        diag "status $(cat "$console_exit"), last keys$burst
$(screen)"
}

# q leaves at once where nobody is asked, so it is not among the keys
console_start 80 24 "$NEWEL" attach -c "$work/newel.ini" extra
see_top 'backfill' 'a live console'
storm live $((seconds / 2))
keys Escape
keys Escape
see_top 'extra|backfill|expand|sync|live|ended' 'it still draws its top line'
fits 'and no line is too long'
see_quit() {
    keys Escape
    keys q
    wait_for 2 shows 'Leave this console|LEFT'
}
ok 'q still asks' wait_for 30 see_quit || diag "$(screen)"
[ -s "$console_exit" ] || keys d
like "$(console_status)" '^[045]$' 'and it leaves in order'

record=$work/record.jsonl
cp "$(journal extra)" "$record"
console_start 80 24 "$NEWEL" review "$record"
see_top 'REPLAY' 'a recording'
storm review $((seconds - seconds / 2))
keys Escape
keys Escape
see_top 'REPLAY' 'it still draws its top line'
leave_review() {
    keys Escape
    keys q
    wait_for 2 test -s "$console_exit"
}
ok 'q still leaves' wait_for 30 leave_review || diag "$(screen)"
is "$(console_status)" 0 'in order'
newel verify extra >/dev/null 2>&1 || "$NEWEL" verify "$record" >"$work/out" 2>&1
is $? 0 'the journal of it all holds' || diag "$(cat "$work/out")"
no_reports 'the sanitizers have nothing to say'
done_testing
