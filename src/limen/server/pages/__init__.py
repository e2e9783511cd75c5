"""The pages that people meet: made on the server, whole without a script, better with one."""
