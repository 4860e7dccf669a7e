-- restore: after Redis was lost, a committed result or dead letter says what became of a key. `posted` overrides everything else, `parked` what is
-- not final. The content of a parked key's unanswered sends is not known any more, so nothing that is found later proves it.
-- ARGV[6] 'p', 'x' or 'k'  [7] F  [8] delivery  [9] source version  [10] code  [11] ms of its result
local st, content, dlv = ARGV[6], ARGV[7], ARGV[8]
if rec and (rec[ST] == 'p' or st ~= 'p' and (rec[ST] == 'k' or rec[ST] == 'x' or rec[ST] == 'd')) then return {'kept'} end
if rec and rec[FENCE] > fence then fence = rec[FENCE] end
rec = {st, content, '', 0, 0, '', 0, dlv, '', tonumber(ARGV[9]), '', {}, ARGV[10], tonumber(ARGV[11])}
if st == 'k' then rec[OUTS] = {{'', 0, 0, ''}} end
store('')
return {'restored'}
