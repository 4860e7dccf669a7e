-- wrk's part: the worker's own bodies in turn, each with an order number of its own. BENCH_BODIES and BENCH_FIRST come from tests/bench/run.
local bodies = dofile(os.getenv("BENCH_BODIES"))
local number = tonumber(os.getenv("BENCH_FIRST"))

wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml; charset=utf-8"
wrk.headers["Accept"] = "text/xml"
wrk.headers["SOAPAction"] = '""'

function request()
    local pieces = bodies[number % #bodies + 1]
    number = number + 1
    return wrk.format(nil, nil, nil, table.concat(pieces, string.format("%0" .. pieces.size .. ".0f", number)))
end
