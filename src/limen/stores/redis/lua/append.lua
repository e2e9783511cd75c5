local kind, subject, upto, until_, at, why = unpack(ARGV, 3)
return {'appended', counted(), append(kind, subject, upto, until_, at, why)}
