-- claim: who has this key, and may this delivery work on it? (claiming.lua)
return claim_key()
