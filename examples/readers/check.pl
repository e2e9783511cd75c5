# Access tokens of Limen, checked with Crypt::JWT: `cpanm Crypt::JWT` (Debian: libcrypt-jwt-perl).
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt);
use HTTP::Tiny;
use JSON::PP qw(decode_json);

my $issuer   = $ENV{ISSUER};      # https://login.example, as its tokens say it
my $audience = $ENV{AUDIENCE};    # the issuer's LIMEN_AUDIENCE: this service
my @algorithms = split /,/, $ENV{ALGORITHMS} // 'ES256';    # its LIMEN_ALGORITHM

# The issuer's public keys, kept for 5 minutes.
my ($keys, $fetched) = (undef, 0);
sub issuer_keys {
    if (!$keys || time - $fetched > 300) {
        my $answer = HTTP::Tiny->new(timeout => 5)->get("$issuer/.well-known/jwks.json");
        die "the issuer's keys cannot be had\n" unless $answer->{success};
        ($keys, $fetched) = (decode_json($answer->{content}), time);
    }
    return $keys;
}

# The claims of a good access token; dies for any other.
sub check {
    my ($token) = @_;
    die "not a compact token\n" unless $token =~ /\A[\w-]+\.[\w-]+\.[\w-]+\z/a;    # JSON would be taken too
    my ($header, $claims) = decode_jwt(
        token => $token, kid_keys => issuer_keys(), accepted_alg => \@algorithms, decode_header => 1,
        decode_payload => 1, leeway => 5, verify_exp => 1, verify_iat => 1,
        verify_iss => $issuer, verify_sub => qr/./, verify_jti => qr/./,
        verify_aud => sub { grep { $_ eq $audience } ref $_[0] eq 'ARRAY' ? @{ $_[0] } : $_[0] },
    );
    # What Crypt::JWT does not look at: the type, extensions that must be understood, whose algorithm it is.
    die "this is no access token\n" unless lc($header->{typ} // '') =~ m{^(application/)?at\+jwt\z};
    die "an unknown extension\n" if exists $header->{crit};
    my ($key) = grep { $_->{kid} eq $header->{kid} } @{ issuer_keys()->{keys} };
    die "not the algorithm of its key\n" unless $key && $key->{alg} eq $header->{alg};
    die "no client_id\n" unless defined $claims->{client_id};
    return $claims;
}

1;
