# Runs check.pl over tokens: one a line in, one JSON object a line out.
use strict;
use warnings;
use JSON::PP;
require './check.pl';

my $json = JSON::PP->new->utf8->canonical;
while (my $line = <STDIN>) {
    chomp $line;
    my $claims = eval { check($line) };
    print $json->encode($claims ? { claims => $claims } : { refused => "$@" }), "\n";
}
