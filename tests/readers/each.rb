# Runs check.rb over tokens: one a line in, one JSON object a line out.
require_relative 'check'

$stdin.each_line(chomp: true) do |line|
  puts JSON.generate({ claims: Check.claims(line) })
rescue StandardError => e
  puts JSON.generate({ refused: "#{e.class}: #{e.message}" })
end
