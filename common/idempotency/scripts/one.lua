-- What a script that is called for one key begins with, behind common.lua.
rec, request_at = read(KEYS[3])
