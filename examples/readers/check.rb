# Access tokens of Limen, checked with jwt: `gem install jwt` (Debian: ruby-jwt).
require 'json'
require 'jwt'
require 'net/http'

module Check
  ISSUER = ENV.fetch('ISSUER') # https://login.example, as its tokens say it
  AUDIENCE = ENV.fetch('AUDIENCE') # the issuer's LIMEN_AUDIENCE: this service
  ALGORITHMS = ENV.fetch('ALGORITHMS', 'ES256').split(',') # its LIMEN_ALGORITHM
  TYPES = %w[at+jwt application/at+jwt].freeze

  # The issuer's public keys: kept for 5 minutes; an unknown one is asked for once in 30 seconds.
  @fetched = -Float::INFINITY
  KEYS = lambda do |options|
    age = Process.clock_gettime(Process::CLOCK_MONOTONIC) - @fetched
    if age > (options[:kid_not_found] ? 30 : 300)
      answer = Net::HTTP.get_response(URI("#{ISSUER}/.well-known/jwks.json"))
      raise JWT::DecodeError, "the issuer's keys cannot be had" unless answer.is_a?(Net::HTTPSuccess)

      @keys = JSON.parse(answer.body)
      @fetched = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
    @keys
  end

  OPTIONS = {
    algorithms: ALGORITHMS, jwks: KEYS, leeway: 5, required_claims: %w[exp iat sub jti client_id],
    iss: ISSUER, verify_iss: true, aud: AUDIENCE, verify_aud: true, verify_iat: true
  }.freeze

  # The claims of a good access token; JWT::DecodeError for any other.
  def self.claims(token)
    raise JWT::DecodeError, 'not a compact token' unless token.match?(/\A[\w-]+\.[\w-]+\.[\w-]+\z/)

    claims, header = JWT.decode(token, nil, true, OPTIONS)
    # What jwt does not look at: the type, extensions that must be understood, and whose algorithm it is.
    raise JWT::DecodeError, 'this is no access token' unless TYPES.include?(header['typ'].to_s.downcase)
    raise JWT::DecodeError, 'an unknown extension' if header.key?('crit')

    key = KEYS.call({})['keys'].find { |one| one['kid'] == header['kid'] }
    raise JWT::DecodeError, 'not the algorithm of its key' unless key && key['alg'] == header['alg']

    claims
  end
end
