return {'beat', counted()}
