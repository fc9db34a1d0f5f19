#!/usr/bin/perl
# A proxy in front of a server of MySQL or MariaDB that greets with a number of its own, as ProxySQL
# does, and then passes on what either side says: relay.pl PORT SERVER-PORT. Ends on TERM.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port, $server) = @ARGV;
my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 16, ReuseAddr => 1)
    or die "cannot listen on $port: $!\n";
$SIG{CHLD} = 'IGNORE';
my @children;
$SIG{TERM} = sub { kill 'TERM', @children; exit 0 };

# length (3), number (1), protocol (1), version up to a NUL, number of the session (4)
sub greeting {
    my ($packet) = @_;
    my $end = index($packet, "\0", 5);
    substr($packet, $end + 1, 4) = pack('V', 4242) if $end > 0 && length $packet > $end + 5;
    return $packet;
}

while (1) {
    my $client = $listener->accept or next;
    my $child = fork // die "fork: $!\n";
    if ($child) { push @children, $child; close $client; next }
    $SIG{TERM} = 'DEFAULT';
    close $listener;
    my $upstream = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server) or exit 1;
    my $greeted = 0;
    my $both = IO::Select->new($client, $upstream);
    while (my @ready = $both->can_read) {
        for my $from (@ready) {
            sysread $from, my $bytes, 65536 or exit 0;
            $bytes = greeting($bytes) if $from == $upstream && !$greeted++;
            my $to = $from == $upstream ? $client : $upstream;
            while (length $bytes) {
                my $n = syswrite $to, $bytes or exit 0;
                substr($bytes, 0, $n) = '';
            }
        }
    }
}
