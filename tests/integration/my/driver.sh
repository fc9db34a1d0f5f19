# How newel gets to a server of MariaDB or MySQL: option files, the socket, TLS in its modes with
# certificates that are right and wrong, authentication plugins, and a statement cut short.
# shellcheck shell=sh
set -u
# shellcheck source=tests/integration/my/lib.sh
. "$SRCDIR/tests/integration/my/lib.sh"
house_begin "$FLAVOUR" primary

sql_p "CREATE TABLE items (id bigint PRIMARY KEY, v int);
    INSERT INTO items VALUES (1, 1), (2, 2), (3, 3)"
migration items items <<'INI'
[column]
name = extra
type = bigint
[backfill]
value = v * 2
INI

# options GROUP USER PASSWORD [LINE...]: an option file of one group
options() {
    options_group=$1
    rm -f "$work/some.cnf"
    (umask 077 && printf '[%s]\nuser = %s\npassword = "%s"\n' "$1" "$2" "$3" >"$work/some.cnf")
    shift 3
    for line in "$@"; do echo "$line" >>"$work/some.cnf"; done
}
# by LINE...: the target is reached over TCP, with the option file and these lines
by() {
    {
        printf '[newel]\nstate_dir = %s/state\n[target t1]\nengine = mysql\n' "$work"
        printf 'defaults_file = %s/some.cnf\ndefaults_group = %s\n' "$work" "$options_group"
        printf 'host = 127.0.0.1\nport = %s\ndatabase = shop\n' "$MY_PRIMARY_PORT"
        for line in "$@"; do echo "$line"; done
    } >"$work/newel.ini"
}
gets_in() {
    newel plan "$work/items.ini" >"$work/plan.out" 2>&1
    is $? 0 "$1" || diag "$(tail -n 5 "$work/plan.out")"
}
# stays_out WHAT PATTERN
stays_out() {
    newel plan "$work/items.ini" >"$work/plan.out" 2>&1
    is $? 3 "$1: exit 3"
    like "$(cat "$work/plan.out")" "$2" "$1: and why"
}

# ---- option files, groups and the socket

options newel newel "$MY_PASSWORD"
by
gets_in 'a group of its own in the option file'
options client newel "$MY_PASSWORD"
by
gets_in 'the group that every client reads'
options special newel "$MY_PASSWORD"
by
gets_in 'a group with a name of its own, by defaults_group'
by
sed -i '/^host/d; /^port/d' "$work/newel.ini"
echo "socket = $MY_PRIMARY_SOCKET" >>"$work/newel.ini"
gets_in 'over the unix socket'
mkdir -p "$work/home"
options client newel "$MY_PASSWORD"
cp "$work/some.cnf" "$work/home/.my.cnf"
by
sed -i '/^defaults_/d' "$work/newel.ini"
HOME=$work/home newel plan "$work/items.ini" >"$work/plan.out" 2>&1
is $? 0 'without a defaults_file it reads ~/.my.cnf' || diag "$(cat "$work/plan.out")"
chmod 666 "$work/some.cnf"
by
newel plan "$work/items.ini" >"$work/plan.out" 2>&1
is $? 2 'an option file that everybody may write: exit 2'
like "$(cat "$work/plan.out")" 'chmod 600' 'and what helps'
options client newel "$MY_PASSWORD"

# ---- TLS

# certificate NAME AUTHORITY ALT
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.req" -subj "/CN=$1" &&
        openssl x509 -req -in "$work/$1.req" -CA "$work/$2.pem" -CAkey "$work/$2.key" \
            -CAcreateserial -days 2 -out "$work/$1.pem" -extfile "$work/$1.ext"
}
{
    for authority in right wrong; do
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/$authority.key" -days 2 \
            -out "$work/$authority.pem" -subj "/CN=$authority authority"
    done
    echo 'subjectAltName = IP:127.0.0.1, DNS:localhost' >"$work/127.0.0.1.ext"
    echo 'subjectAltName = DNS:elsewhere.example.net' >"$work/elsewhere.ext"
    echo 'extendedKeyUsage = clientAuth' >"$work/client.ext"
    certificate 127.0.0.1 right && certificate elsewhere right && certificate client right
} >"$work/openssl.out" 2>&1 || diag "$(cat "$work/openssl.out")"
cp "$work/127.0.0.1.pem" "$work/server.pem"
cp "$work/127.0.0.1.key" "$work/server.key"

if [ "$FLAVOUR" = mariadb ]; then
    by 'ssl_mode = required'
    stays_out 'a server without TLS where it is required' 'errno 2026'
    by
    gets_in 'it is not by default: the connection is as good as it can be'
fi
my_down primary
cat >>"$MY_DIR/primary.cnf" <<CONF
ssl_ca = $work/right.pem
ssl_cert = $work/server.pem
ssl_key = $work/server.key
CONF
my_up primary
sql_p "CREATE USER tls@'%' IDENTIFIED BY 'Geheim-77' REQUIRE SSL; GRANT ALL ON *.* TO tls@'%';
    CREATE USER cert@'%' IDENTIFIED BY 'Geheim-77' REQUIRE X509; GRANT ALL ON *.* TO cert@'%'"
options client tls Geheim-77
by 'ssl_mode = disabled'
stays_out 'an account that must come by TLS, and does not' 'errno (1045|2061|3159)'
for mode in preferred required; do
    by "ssl_mode = $mode"
    gets_in "$mode: by TLS"
done
for mode in verify_ca verify_identity; do
    by "ssl_mode = $mode" "ssl_ca = $work/right.pem"
    gets_in "$mode: the server is who it says it is"
    by "ssl_mode = $mode" "ssl_ca = $work/wrong.pem"
    stays_out "$mode: a certificate of somebody else" 'errno 2026.*check ssl_mode, ssl_ca'
done
options client tls Geheim-77 "ssl-ca = $work/wrong.pem" ssl-verify-server-cert ssl-mode=VERIFY_CA
by
newel plan "$work/items.ini" >"$work/plan.out" 2>&1
is $? 3 'what the option file wants of TLS is not undone' || diag "$(cat "$work/plan.out")"
options client tls Geheim-77
# the same server under another name
cp "$work/elsewhere.pem" "$work/server.pem"
cp "$work/elsewhere.key" "$work/server.key"
if [ "$FLAVOUR" = mariadb ]; then sql_p 'FLUSH SSL'; else sql_p 'ALTER INSTANCE RELOAD TLS'; fi
by 'ssl_mode = verify_identity' "ssl_ca = $work/right.pem"
stays_out 'a certificate for another name' 'errno 2026'
by 'ssl_mode = verify_ca' "ssl_ca = $work/right.pem"
if ldd "$NEWEL" 2>/dev/null | grep -q libmariadb; then
    stays_out "verify_ca: MariaDB's library looks at the name, too" 'errno 2026'
else
    gets_in 'verify_ca: the name is not looked at'
fi
options client cert Geheim-77
by 'ssl_mode = required'
stays_out 'an account that must show a certificate, and does not' 'errno 1045'
by 'ssl_mode = required' "ssl_cert = $work/client.pem" "ssl_key = $work/client.key"
gets_in 'with one it comes in'
by 'ssl_mode = sometimes'
newel plan "$work/items.ini" >"$work/plan.out" 2>&1
is $? 2 'a mode that is none: exit 2'
like "$(cat "$work/plan.out")" 'ssl_mode.*verify_identity' 'and which there are'

# ---- authentication

if [ "$FLAVOUR" = mysql ]; then
    is "$(sql_p "SELECT plugin FROM mysql.user WHERE user = 'tls'")" caching_sha2_password \
        'the accounts so far were of caching_sha2_password'
    sql_p "CREATE USER plain@'%' IDENTIFIED BY 'Geheim-77'; GRANT ALL ON *.* TO plain@'%'"
    options client plain Geheim-77
    by 'ssl_mode = disabled'
    newel plan "$work/items.ini" >"$work/plan.out" 2>&1
    plain=$?
    # a library may ask the server for its key; one that does not must be told what to do
    [ $plain = 0 ] || plain=$(grep -Eo 'errno (2061|2059|1045)' "$work/plan.out" | head -n 1)
    like "$plain" '^0$|errno' 'for the first time, unencrypted: it comes in or is told why'
    by
    gets_in 'encrypted it comes in'
    by 'ssl_mode = disabled'
    gets_in 'and is remembered then, also unencrypted'
else
    if sql_p "INSTALL SONAME 'auth_ed25519'" 2>"$work/plugin.err"; then
        sql_p "CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('Geheim-77');
            GRANT ALL ON *.* TO curve@'%'"
        options client curve Geheim-77
        by
        gets_in 'ed25519'
    else
        tap_skip 'ed25519' 'the server has no such plugin'
    fi
fi
options client newel "$MY_PASSWORD"
by

# ---- a statement cut short from another thread

run items --until sync
is $? 0 'ready for its backfill' || show items
hold holder 'SELECT * FROM items WHERE id = 2 FOR UPDATE'
engine items
ok 'a batch waits for a row' wait_for 30 between "SELECT count(*)
    FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'" 1 1
newel ctl items stop >"$work/ctl.out" 2>&1
ok 'told to stop, it is gone at once' wait_for 10 gone "$engine"
wait "$engine"
is $? 5 'as an operator stops it'
is "$(sql_p 'SELECT count(extra) FROM items')" 0 'nothing of the batch is left'
release holder
run items
is $? 0 'and it comes to its end' || show items
ok 'no secret is anywhere' sh -c "! grep -rEq 'Geheim-77' '$work/state' '$work'/*.out"
done_testing
