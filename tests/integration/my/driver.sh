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
# stays_out WHAT ERRNO HELP: patterns, of the error and of what it says is to be done
stays_out() {
    newel plan "$work/items.ini" >"$work/plan.out" 2>&1
    is $? 3 "$1: exit 3"
    like "$(cat "$work/plan.out")" "no connection: .*\[errno $2, SQLSTATE [0-9A-Z]{5}\] \(.*$3" \
        "$1: it says why, and what helps"
}
# by_socket LINE...: likewise, over the socket
by_socket() {
    by "socket = $MY_PRIMARY_SOCKET" "$@"
    sed -i '/^host/d; /^port/d' "$work/newel.ini"
}
oracle=yes
! ldd "$NEWEL" 2>/dev/null | grep -q libmariadb || oracle=no

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
by_socket
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

rm "$work/home/.my.cnf"
options_group=logs_in
by
sed -i '/^defaults_file/d' "$work/newel.ini"
# with a password it would ask a terminal
sql_p "CREATE USER open@'%' IDENTIFIED BY ''; GRANT ALL ON *.* TO open@'%'"
editor() {
    HOME=$work/home mysql_config_editor set --login-path=logs_in --user=open
}
if [ $oracle = no ]; then
    tap_skip 'a login path' "MariaDB's client library knows none"
elif ! command -v mysql_config_editor >/dev/null || ! editor >"$work/editor.out" 2>&1; then
    tap_skip 'a login path' 'no mysql_config_editor makes one'
else
    HOME=$work/home newel plan "$work/items.ini" >"$work/plan.out" 2>&1
    is $? 0 'a login path, by defaults_group' || diag "$(cat "$work/editor.out" "$work/plan.out")"
fi
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
    stays_out 'a server without TLS where it is required' 2026 'check ssl_mode'
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
stays_out 'an account that must come by TLS, and does not' '(1045|2061)' 'ssl_mode'
for mode in preferred required; do
    by "ssl_mode = $mode"
    gets_in "$mode: by TLS"
done
for mode in verify_ca verify_identity; do
    by "ssl_mode = $mode" "ssl_ca = $work/right.pem"
    gets_in "$mode: the server is who it says it is"
    by "ssl_mode = $mode" "ssl_ca = $work/wrong.pem"
    stays_out "$mode: a certificate of somebody else" 2026 'check ssl_mode, ssl_ca'
    by "ssl_mode = $mode"
    stays_out "$mode: without ssl_ca" 2026 'ssl_ca'
    by "ssl_mode = $mode" "ssl_ca = $work/right.pem" 'host = localhost'
    sed -i '/^host = 127/d' "$work/newel.ini"
    gets_in "$mode: localhost with a port is the server at that port"
done
options client tls Geheim-77 "ssl-ca = $work/wrong.pem" ssl-verify-server-cert ssl-mode=VERIFY_CA
by
newel plan "$work/items.ini" >"$work/plan.out" 2>&1
is $? 3 'what the option file wants of TLS is not undone' || diag "$(cat "$work/plan.out")"
options client tls Geheim-77
# shows NAME: the server has that certificate from now on
shows() {
    cp "$work/$1.pem" "$work/server.pem"
    cp "$work/$1.key" "$work/server.key"
    if [ "$FLAVOUR" = mariadb ]; then sql_p 'FLUSH SSL'; else sql_p 'ALTER INSTANCE RELOAD TLS'; fi
}
shows elsewhere
by 'ssl_mode = verify_identity' "ssl_ca = $work/right.pem"
stays_out 'a certificate for another name' 2026 'for the host as it is named here'
by 'ssl_mode = verify_ca' "ssl_ca = $work/right.pem"
if [ $oracle = no ]; then
    stays_out "verify_ca: MariaDB's library looks at the name, too" 2026 'for the host'
else
    gets_in 'verify_ca: the name is not looked at'
fi
shows 127.0.0.1
options client cert Geheim-77
by 'ssl_mode = required'
stays_out 'an account that must show a certificate, and does not' 1045 'ssl_cert'
by 'ssl_mode = required' "ssl_cert = $work/client.pem" "ssl_key = $work/client.key"
gets_in 'with one it comes in'
by 'ssl_mode = sometimes'
newel plan "$work/items.ini" >"$work/plan.out" 2>&1
is $? 2 'a mode that is none: exit 2'
like "$(cat "$work/plan.out")" 'ssl_mode.*verify_identity' 'and which there are'

sql_p 'SET GLOBAL require_secure_transport = ON'
options client newel "$MY_PASSWORD"
by 'ssl_mode = disabled'
stays_out 'a server that wants TLS from all, and does not get it' '(1045|2061|3159)' 'ssl_mode'
by
gets_in 'by default it gets it'
by_socket 'ssl_mode = disabled'
gets_in 'and does not want it over the unix socket'
sql_p 'SET GLOBAL require_secure_transport = OFF'

# ---- authentication

plugin() {
    sql_p "SELECT DISTINCT plugin FROM mysql.user WHERE user = '$1'"
}
here=$(id -un)
options client plain Geheim-77
sql_p "CREATE USER plain@'%' IDENTIFIED BY 'Geheim-77'; GRANT ALL ON *.* TO plain@'%'"
if [ "$FLAVOUR" = mysql ]; then
    is "$(plugin plain)" caching_sha2_password 'an account of caching_sha2_password'
    # only who is not in the server's cache must send the password itself
    by 'ssl_mode = disabled'
    if [ $oracle = yes ]; then
        stays_out 'in the clear for the first time' 2061 'use TLS .ssl_mode = required. or the unix socket'
    else
        gets_in 'in the clear for the first time: the library asks for a key to encrypt it with'
    fi
    sql_p 'FLUSH PRIVILEGES'
    by_socket 'ssl_mode = disabled'
    gets_in 'over the unix socket for the first time'
    sql_p 'FLUSH PRIVILEGES'
    by 'ssl_mode = required'
    gets_in 'encrypted for the first time'
    by 'ssl_mode = disabled'
    gets_in 'it is remembered then, also in the clear'
    is "$(sql_p "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'" 2>&1)" '' 'the server has auth_socket'
    sql_p "CREATE USER like_us@localhost IDENTIFIED WITH auth_socket AS '$here';
        GRANT ALL ON *.* TO like_us@localhost"
    options client like_us ''
    by_socket
    gets_in 'auth_socket: the system says who we are'
else
    is "$(plugin plain)" mysql_native_password 'an account of mysql_native_password'
    by 'ssl_mode = disabled'
    gets_in 'in the clear'
    by 'ssl_mode = required'
    gets_in 'encrypted'
    if sql_p "INSTALL SONAME 'auth_ed25519'" 2>"$work/plugin.err"; then
        sql_p "CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('Geheim-77');
            GRANT ALL ON *.* TO curve@'%'"
        options client curve Geheim-77
        by
        if [ $oracle = no ]; then gets_in 'ed25519'; else stays_out 'ed25519' 2059 plugin_dir; fi
    else
        tap_skip 'ed25519' 'the server has no such plugin'
    fi
    sql_p "ALTER USER IF EXISTS '$here'@localhost IDENTIFIED VIA unix_socket;
        CREATE USER IF NOT EXISTS '$here'@localhost IDENTIFIED VIA unix_socket;
        GRANT ALL ON *.* TO '$here'@localhost WITH GRANT OPTION"
    options client "$here" ''
    by_socket
    gets_in 'unix_socket: the system says who we are'
fi
# each library has the other family's plugin as a file
if [ "$FLAVOUR-$oracle" = mysql-no ] || [ "$FLAVOUR-$oracle" = mariadb-yes ]; then
    options client plain Geheim-77
    by "plugin_dir = $work"
    stays_out 'a plugin that the library does not find' '(1045|2059)' 'plugin_dir'
fi
options client newel "$MY_PASSWORD"
by 'ssl_mode = verify_identity' "ssl_ca = $work/right.pem"

# ---- a statement cut short, and a connection

run items --until sync
is $? 0 'ready for its backfill' || show items
hold holder 'SELECT * FROM items WHERE id = 2 FOR UPDATE'
waiter() {
    sql_p "SELECT MAX(trx_mysql_thread_id) FROM information_schema.innodb_trx
        WHERE trx_state = 'LOCK WAIT'"
}
# waits_anew ID: a batch waits for the row, in a session that came after this one
waits_anew() {
    waits_in=$(waiter) && [ "$waits_in" != NULL ] && [ "$waits_in" -gt "$1" ]
}
engine items
ok 'a batch waits for a row' wait_for 30 waits_anew 0 || show items
newel ctl items stop >"$work/ctl.out" 2>&1
ok 'told to stop, it cancels that over a connection of its own, and is gone' wait_for 10 gone "$engine"
wait "$engine"
is $? 5 'as an operator stops it'
is "$(sql_p 'SELECT count(extra) FROM items')" 0 'nothing of the batch is left'
engine items
ok 'the next one waits there again' wait_for 30 waits_anew "$waits_in" || show items
sql_p "KILL $waits_in"
ok 'its session is ended: it connects and tries again' wait_for 30 waits_anew "$waits_in" || show items
release holder
wait "$engine"
is $? 0 'and comes to its end' || show items
is "$(sql_p 'SELECT GROUP_CONCAT(extra ORDER BY id) FROM items')" 2,4,6 'with every value'
ok 'no secret is anywhere' sh -c "! grep -rEq 'Geheim-77' '$work/state' '$work'/*.out"
done_testing
