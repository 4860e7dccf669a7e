-- creditclaim: `claim` of what takes credit (credit.lua). KEYS[6] position
-- -> claimed: behind the word what a look says, for that comes next; where the order's value is none of ours, nothing
-- -> posted, own: of what was told no summary, as of a record that was rebuilt: all of it is committed
local answer = claim_key()
if answer[2] == 'own' and rec[CODE] == TOLD then answer[4] = '' end --mutant told_is_published
local looked = answer[1] == 'claimed' and credit.look('claimed')
return looked and looked[2] and looked or answer
